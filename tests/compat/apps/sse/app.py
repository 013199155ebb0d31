import time

from flask import Flask, Response

app = Flask(__name__)


@app.get("/")
def index():
    return """<!doctype html><link rel="icon" href="data:,"><p id="log"></p>
<script>
  const began = performance.now();
  const events = new EventSource("stream");
  events.onmessage = (event) => {
    if (event.data === "end") { events.close(); return; }
    const when = performance.now() - began < 900 ? "soon" : "late";
    document.querySelector("#log").textContent += event.data + "@" + when + " ";
  };
</script>"""


@app.get("/stream")
def stream():
    def events():
        yield "data: first\n\n"
        time.sleep(1.2)
        yield "data: second\n\n"
        yield "data: end\n\n"

    return Response(events(), mimetype="text/event-stream")
