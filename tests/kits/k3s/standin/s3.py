"""Snapshots in an object store, by curl and its request signing."""

import html
import re
import subprocess
import urllib.parse

from standin import log

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class S3Error(Exception):
    """What the store, or the way to it, answered instead of a result."""


class Bucket:
    """A bucket that was found, with the keys that are configured; k3s makes sure of it before each use."""

    def __init__(self, settings):
        scheme = "http" if settings.get("etcd-s3-insecure") else "https"
        self.name, self.folder = settings.get("etcd-s3-bucket", ""), settings.get("etcd-s3-folder", "").strip("/")
        self.bucket = f"{scheme}://{settings.get('etcd-s3-endpoint', 's3.amazonaws.com')}/{self.name}"
        self.base = "/".join(part for part in (self.bucket, self.folder) if part)
        self.user = f"{settings.get('etcd-s3-access-key', '')}:{settings.get('etcd-s3-secret-key', '')}"
        # The newer flag; what it is without that depends on the version: the same number as on the disk.
        self.retention = int(settings.get("etcd-s3-retention") or settings.get("etcd-snapshot-retention", "5"))
        self.arguments = ["--aws-sigv4", f"aws:amz:{settings.get('etcd-s3-region', 'us-east-1')}:s3"]
        self.arguments += ["--insecure"] if settings.get("etcd-s3-skip-ssl-verify") else []
        self.arguments += ["--cacert", settings["etcd-s3-endpoint-ca"]] if settings.get("etcd-s3-endpoint-ca") else []
        if not self.name:
            raise S3Error("failed to initialize S3 client: s3 bucket name was not set")
        try:
            self._curl("--head", self.bucket)
        except S3Error as error:
            missing = "404" in str(error)
            raise S3Error(f"failed to initialize S3 client: bucket {self.name} does not exist" if missing else
                          f"failed to initialize S3 client: failed to test for existence of bucket {self.name}: {error}") from error

    def _curl(self, *arguments, empty=True):
        # The keys go in on stdin: a command line is everybody's to read.
        signed = ["-H", f"x-amz-content-sha256: {EMPTY if empty else 'UNSIGNED-PAYLOAD'}"]
        done = subprocess.run(["curl", "-fsS", "--noproxy", "*", "--max-time", "60", "-K", "-", *self.arguments, *signed, *arguments],
                              input=f'user = "{self.user}"\n', capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise S3Error(done.stderr.strip())
        return done.stdout

    def upload(self, path, name, token_hash):
        self._curl("-H", f"x-amz-meta-k3s-token-hash: {token_hash}", "-T", path, f"{self.base}/{name}", empty=False)

    def download(self, name, path):
        log.info(f"Retrieving etcd snapshot {name} from S3")
        self._curl("-o", path, f"{self.base}/{name}")
        log.info(f"S3 download complete for {name}")

    def names(self, prefix=""):
        """The newest last."""
        where = urllib.parse.quote("/".join(part for part in (self.folder, prefix) if part), safe="")
        answer = self._curl(f"{self.bucket}?list-type=2&prefix={where}")
        rows = re.findall(r"<Contents>.*?<Key>([^<]*)</Key>.*?<LastModified>([^<]*)</LastModified>", answer, re.S)
        rows = [(when, html.unescape(key)) for key, when in rows if "/.metadata/" not in key]
        return [key.rpartition("/")[2] for _, key in sorted(rows)]

    def prune(self, prefix):
        """By the beginning of the name, whichever server a snapshot is of."""
        names = self.names(prefix)
        if self.retention > 0:
            for name in names[:-self.retention]:
                log.info(f"Removing S3 snapshot: s3://{self.name}/{self.folder}/{name}")
                self.delete(name)

    def delete(self, name):
        self._curl("-X", "DELETE", f"{self.base}/{name}")
