/** More than half of the voters: so many must agree. Two halves of a cluster that lost each other never both have it. */
export const majorityOf = (voters: number): number => Math.floor(voters / 2) + 1;
