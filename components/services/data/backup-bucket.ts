/** The bucket that the object store at another site keeps for `site`; both sides derive it, so that it is known before they are linked. */
export function backupBucket(site: string): string {
  return `backups-${site}`;
}

/** The account that owns it. */
export function backupAccount(site: string): string {
  return `backups-${site}`;
}

/** What S3 clients call the region of a store that has none. */
export const defaultRegion = "us-east-1";
