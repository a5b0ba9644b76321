import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { getAt } from "@isthmus/core";
import { mapAt, type Json } from "../../cli/lib/charts/kubernetes.ts";
import { inOrder } from "../kits/in-order.ts";
import { until } from "../kits/lab/command.ts";
import { afterwards } from "./afterwards.ts";
import { Authority } from "./certificates.ts";
import { objectOf, siteOf } from "./default-stacks.ts";
import { asNobody, freePort, giveAll, start, workFolder, type Running } from "./process.ts";
import { programFile, requireAll } from "./programs.ts";

const debian = "/usr/lib/postgresql";

/** The newest PostgreSQL that Debian has here: none of its servers is on the PATH. */
function binaries(): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian).sort((one, other) => Number(other) - Number(one)) : [];
  return versions.map((version) => join(debian, version, "bin")).find((folder) => existsSync(join(folder, "postgres")));
}

const cluster = objectOf(siteOf("site-a"), "Cluster", "main");
const spec = mapAt(cluster, "spec");
const { database, owner } = getAt(spec, "bootstrap.initdb") as { database: string; owner: string };

/**
 * `pg_hba.conf` as the operator writes it around the rules of a Cluster:
 * https://github.com/cloudnative-pg/cloudnative-pg/blob/v1.30.0/pkg/postgres/configuration.go (hbaTemplateString)
 */
function hostRules(rules: readonly string[]): string {
  return [
    "local all all peer map=local",
    `hostssl postgres streaming_replica all cert`,
    `hostssl replication streaming_replica all cert`,
    ...rules,
    "host all all all scram-sha-256",
    "",
  ].join("\n");
}

/** What the operator makes of `postgresql.synchronous`: https://cloudnative-pg.io/documentation/1.30/replication/#synchronous-replication */
function synchronousNames({ method, number }: Json, others: readonly string[]): string {
  return `${String(method).toUpperCase()} ${Number(number)} (${others.map((name) => `"${name}"`).join(",")})`;
}

type Member = "main-1" | "main-2" | "main-3";
const password = "the-password-of-the-owner";
/** The name that preview tells applications to connect to. */
const host = `main-rw.${cluster.metadata.namespace}.svc`;

describe("a database cluster's settings, by the real PostgreSQL", function () {
  inOrder(this);
  const later = afterwards(this);
  let folder: ReturnType<typeof workFolder>;
  let bin = "";
  const ports = new Map<Member, number>();
  const servers = new Map<Member, Running>();

  before(async function () {
    const found = binaries();
    requireAll(this, [
      ...(found === undefined ? ["postgres: apt-get install postgresql"] : []),
      ...(programFile("openssl") === undefined ? ["openssl: apt-get install openssl"] : []),
    ]);
    bin = found ?? "";
    folder = workFolder("postgresql");
    later(() => {
      folder.remove();
    });
    for (const member of ["main-1", "main-2", "main-3"] as const) ports.set(member, await freePort());
    const authority = new Authority(file("authority"));
    const issued = {
      server: authority.issueFor([host, "main-rw"]),
      client: authority.issueClient("streaming_replica"),
    };
    writeFileSync(file("ca.crt"), authority.certificate);
    for (const [name, certificate] of Object.entries(issued)) {
      writeFileSync(file(`${name}.crt`), certificate["tls.crt"]);
      writeFileSync(file(`${name}.key`), certificate["tls.key"], { mode: 0o600 });
    }
    mkdirSync(file("sockets"));
    giveAll(folder.path);
  });

  const file = (name: string): string => join(folder.path, name);
  const data = (member: Member): string => file(member);

  async function run(program: string, ...args: readonly string[]): Promise<void> {
    await execa(...asNobody(join(bin, program), args), { cwd: folder.path, env: { HOME: folder.path } });
  }

  async function startMember(member: Member): Promise<void> {
    const server = start(join(bin, "postgres"), ["-D", data(member), "-p", String(ports.get(member))], folder.path);
    servers.set(member, server);
    later(() => server.stop("SIGKILL"));
    await until(`${member} is ready`, async () => {
      if (server.ended()) throw new Error(`${member} ended: ${server.said()}`);
      return (await query("select 1", { member })).code === 0;
    });
  }

  interface Asking {
    readonly member?: Member;
    /** As an application: by network. Default: as the operator, by the socket. */
    readonly by?: {
      readonly sslmode: string;
      readonly password?: string;
      readonly dbname?: string;
      readonly replication?: string;
    };
  }

  /** What a query prints, or why it was refused. */
  async function query(sql: string, { member = "main-1", by }: Asking = {}): Promise<{ code: number; out: string }> {
    const own = { port: String(ports.get(member)), connect_timeout: "5" };
    const target =
      by === undefined
        ? { ...own, host: file("sockets"), user: "postgres", dbname: "postgres" }
        : {
            ...own,
            host,
            hostaddr: "127.0.0.1",
            sslrootcert: file("ca.crt"),
            user: owner,
            password,
            dbname: database,
            ...by,
          };
    const conninfo = Object.entries(target).map(([key, value]) => `${key}=${value}`);
    const { exitCode, all } = await execa(
      ...asNobody(join(bin, "psql"), [
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--command",
        sql,
        conninfo.join(" "),
      ]),
      { reject: false, all: true, cwd: folder.path, timeout: 20_000, env: { HOME: folder.path } },
    );
    return { code: exitCode ?? -1, out: all };
  }

  function configure(member: Member, others: readonly Member[]): void {
    const { parameters, synchronous } = mapAt(spec, "postgresql");
    const tls = {
      ssl: "on",
      ssl_cert_file: file("server.crt"),
      ssl_key_file: file("server.key"),
      ssl_ca_file: file("ca.crt"),
    };
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: file("sockets"),
      wal_level: "logical",
      wal_receiver_timeout: "5s",
      ...tls,
      ...(parameters as Readonly<Record<string, string>> | undefined),
      synchronous_standby_names: synchronousNames(synchronous as Json, others),
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key} = '${value}'\n`);
    appendFileSync(join(data(member), "postgresql.conf"), lines.join(""));
    const systemUser = process.getuid?.() === 0 ? "nobody" : userInfo().username;
    writeFileSync(join(data(member), "pg_ident.conf"), `local ${systemUser} postgres\n`);
  }

  /** Other rules for who gets in, as a change of the Cluster brings them: read again without a restart. */
  async function allow(rules: readonly string[]): Promise<void> {
    writeFileSync(join(data("main-1"), "pg_hba.conf"), hostRules(rules));
    if (servers.has("main-1")) await query("select pg_reload_conf()");
  }

  const ours = getAt(spec, "postgresql.pg_hba") as readonly string[];

  it("begin with the database of the stack file, its owner and checksums", async () => {
    assert.equal(getAt(spec, "bootstrap.initdb.dataChecksums"), true);
    await run("initdb", "-D", data("main-1"), "--username=postgres", "--data-checksums", "--auth=reject");
    configure("main-1", []);
    // Followers come later: until then nobody waits for them.
    appendFileSync(join(data("main-1"), "postgresql.conf"), "synchronous_standby_names = ''\n");
    await allow(ours);
    giveAll(data("main-1"));
    await startMember("main-1");
    await query(`create role ${owner} login password '${password}'`);
    await query("create role streaming_replica login replication");
    await query(`create database ${database} owner ${owner}`);
    assert.equal((await query("show data_checksums")).out, "on");
  });

  it("let the owner in with TLS, by the name that preview tells", async () => {
    const steps = fleetSteps();
    assert.match(steps, new RegExp(`${host.replaceAll(".", "\\.")}:5432 with TLS`));
    const by = { sslmode: "verify-full" };
    const sql = "select usename, ssl from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()";
    assert.deepEqual(await query(sql, { by }), { code: 0, out: `${owner}|t` });
    assert.equal((await query("create table kept (value text)", { by })).code, 0);
    const wrong = await query("select 1", { by: { ...by, password: "wrong" } });
    assert.match(wrong.out, /password authentication failed/);
  });

  it("let nobody in without TLS, not even with the password; without our rule, after a reload, they would", async () => {
    const by = { sslmode: "disable" };
    const refused = (): Promise<{ code: number; out: string }> => query("select 1", { by });
    assert.match((await refused()).out, /pg_hba\.conf rejects connection .* no encryption/);
    await allow([]);
    await until("it lets in", async () => (await refused()).code === 0);
    await allow(ours);
    await until("it refuses", async () => /pg_hba\.conf rejects connection/.test((await refused()).out));
    // A follower's stream neither: `all` is no replication, and no other rule takes it.
    const stream = await query("IDENTIFY_SYSTEM", { by: { ...by, replication: "true" } });
    assert.match(stream.out, /no pg_hba\.conf entry for replication connection .* no encryption/);
  });

  it("are followed by two servers, of which one has each commit before it is acknowledged", async () => {
    for (const member of ["main-2", "main-3"] as const) {
      const source = `host=127.0.0.1 port=${ports.get("main-1")} user=streaming_replica sslmode=verify-ca sslrootcert=${file("ca.crt")} sslcert=${file("client.crt")} sslkey=${file("client.key")} application_name=${member}`;
      await run("pg_basebackup", "-D", data(member), "-R", "--checkpoint=fast", "-d", source);
      await startMember(member);
    }
    configure("main-1", ["main-2", "main-3"]);
    assert.deepEqual(getAt(spec, "postgresql.synchronous.number"), 1);
    await query("select pg_reload_conf()");
    await until("both count", async () => {
      const { out } = await query("select count(*) from pg_stat_replication where sync_state = 'quorum'");
      return out === "2";
    });
  });

  const insert = (value: string): Promise<{ code: number; out: string }> =>
    query(`insert into kept values ('${value}')`, { by: { sslmode: "verify-full" } });

  it("go on without one follower", async () => {
    await servers.get("main-2")?.stop("SIGKILL");
    assert.equal((await insert("without one")).code, 0);
  });

  it("acknowledge nothing without both, and what waited once one is back", async () => {
    await servers.get("main-3")?.stop("SIGKILL");
    let acknowledged = false;
    const waiting = insert("without both").then((answer) => {
      acknowledged = true;
      return answer;
    });
    await until("it waits for a follower", async () => {
      return (await query("select count(*) from pg_stat_activity where wait_event = 'SyncRep'")).out === "1";
    });
    assert.equal(acknowledged, false);
    await startMember("main-3");
    assert.equal((await waiting).code, 0);
    const { out } = await query(`select string_agg(value, ',' order by value) from kept`, {
      by: { sslmode: "verify-full" },
    });
    assert.equal(out, "without both,without one");
  });
});

/** What preview tells to do next. */
function fleetSteps(): string {
  return siteOf("site-a")
    .services.flatMap((service) => service.afterwards)
    .join("\n");
}
