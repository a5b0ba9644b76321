"""Snapshots in an object store, by curl and its request signing."""

import subprocess

from standin import log


class Bucket:
    def __init__(self, settings):
        scheme = "http" if settings.get("etcd-s3-insecure") else "https"
        folder = settings.get("etcd-s3-folder", "").strip("/")
        self.base = "/".join(part for part in (f"{scheme}://{settings.get('etcd-s3-endpoint', 's3.amazonaws.com')}",
                                               settings.get("etcd-s3-bucket", ""), folder) if part)
        self.name = settings.get("etcd-s3-bucket", "")
        self.user = f"{settings.get('etcd-s3-access-key', '')}:{settings.get('etcd-s3-secret-key', '')}"
        self.arguments = ["--aws-sigv4", f"aws:amz:{settings.get('etcd-s3-region', 'us-east-1')}:s3"]
        self.arguments += ["--insecure"] if settings.get("etcd-s3-skip-ssl-verify") else []
        self.arguments += ["--cacert", settings["etcd-s3-endpoint-ca"]] if settings.get("etcd-s3-endpoint-ca") else []

    def _curl(self, *arguments):
        # The keys go in on stdin: a command line is everybody's to read.
        done = subprocess.run(["curl", "-fsS", "--noproxy", "*", "--max-time", "60", "-K", "-", *self.arguments, *arguments],
                              input=f'user = "{self.user}"\n', capture_output=True, text=True, check=False)
        return None if done.returncode == 0 else done.stderr.strip()

    def upload(self, path, name):
        problem = self._curl("-T", path, f"{self.base}/{name}")
        if problem:
            log.fatal(f"Error: see server log for details: failed to upload snapshot to S3 bucket {self.name}: {problem}")
        log.info(f"S3 upload complete for {self.base}/{name}")

    def download(self, name, path):
        log.info(f"Retrieving etcd snapshot {name} from S3")
        problem = self._curl("-o", path, f"{self.base}/{name}")
        if problem:
            log.fatal(f"Error: starting kubernetes: preparing server: start managed database: failed to download snapshot {name} "
                      f"from S3 bucket {self.name}: {problem}")
        log.info(f"S3 download complete for {name}")
