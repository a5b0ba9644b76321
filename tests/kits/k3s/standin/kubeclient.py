"""A client of the Kubernetes API for nodes: certificate, JSON, one connection."""

import http.client
import json
import ssl

from standin.objects import ApiError


class KubeClient:
    def __init__(self, port, ca, certificate, key, timeout=10.0):
        self.context = ssl.create_default_context(cafile=ca)
        self.context.load_cert_chain(certificate, key)
        self.port, self.timeout, self.connection = port, timeout, None

    def call(self, method, path, body=None, kind="application/json"):
        """The answer; raises ApiError for a refusal, OSError where nobody answers."""
        for attempt in (1, 2):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout, context=self.context)
            try:
                self.connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": kind})
                response = self.connection.getresponse()
                data = response.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self.connection.close()
                self.connection = None
                if fresh or attempt == 2:
                    raise OSError(str(error)) from error
        answer = json.loads(data) if data[:1] in (b"{", b"[") else {"message": data.decode("utf-8", "replace")}
        if response.status >= 400:
            raise ApiError(response.status, answer.get("reason", ""), answer.get("message", ""))
        return answer
