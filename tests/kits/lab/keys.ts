import ssh2 from "ssh2";

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

/** A new ed25519 key. ssh2 cannot read one in some two hundred of those that it makes: then another one is made. */
export function newKey(): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync("ed25519");
  return ssh2.utils.parseKey(pair.private) instanceof Error ? newKey() : pair;
}
