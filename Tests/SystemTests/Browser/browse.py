#!/usr/bin/env python3
"""Opens a page in headless Chromium, does what each line of standard input says, and prints each outcome as a line of JSON.

Lines are JavaScript expressions, awaited; `!wait EXPRESSION` repeats one until it is true, for 20 seconds at most;
`!size WIDTH HEIGHT`, `!scheme light|dark`, `!screenshot FILE` set what the page believes and save what it shows.
Ends with 1 when anything fails. Console errors and exceptions of the page are failures, too.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
import time


class Browser:
    """Chromium, driven over the pipe of its DevTools protocol."""

    def __init__(self, profile):
        commands, self.writer = os.pipe()
        self.reader, answers = os.pipe()
        # Chromium reads commands from descriptor 3 and answers on 4.
        script = f'exec 3<&{commands} 4>&{answers}; exec chromium "$@"'
        options = [
            "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
            "--hide-scrollbars", f"--user-data-dir={profile}", "about:blank",
        ]
        self.process = subprocess.Popen(
            ["bash", "-c", script, "chromium", *options],
            pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self.buffer = b""
        self.number = 0
        self.session = None
        self.complaints = []

    def read(self):
        while b"\0" not in self.buffer:
            chunk = os.read(self.reader, 1 << 16)
            if not chunk:
                raise SystemExit("chromium ended early")
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"]["text"])
        if event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            entry = parameters["entry"]
            self.complaints.append(f"{entry['text']} {entry.get('url', '')}")

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log"]:
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"{expression}: {result['exceptionDetails']['exception'].get('description')}")
        return result["result"].get("value")

    def wait(self, expression):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.evaluate(expression):
                return True
            time.sleep(0.1)
        raise SystemExit(f"not true within 20 seconds: {expression}")

    def resize(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=width < 600,
        )

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def do(self, line):
        word, _, rest = line.partition(" ")
        if word == "!wait":
            return self.wait(rest)
        if word == "!size":
            return self.resize(*map(int, rest.split()))
        if word == "!scheme":
            feature = {"name": "prefers-color-scheme", "value": rest}
            return self.call("Emulation.setEmulatedMedia", features=[feature]) and None
        if word == "!screenshot":
            return self.screenshot(rest)
        return self.evaluate(line)

    def end(self):
        os.close(self.writer)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            browser.open(sys.argv[1])
            for line in sys.stdin:
                print(json.dumps(browser.do(line.rstrip("\n"))), flush=True)
            if browser.complaints:
                raise SystemExit("the page complains: " + "; ".join(browser.complaints))
        finally:
            browser.end()


if __name__ == "__main__":
    main()
