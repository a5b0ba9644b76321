import { ruleTable } from "@isthmus/core";

export const { defineRule, rules } = ruleTable("availability");
