import io

from flask import Flask, Response, send_file

app = Flask(__name__)
CHUNK = bytes(range(256)) * 4096


@app.get("/")
def index():
    return (
        '<link rel="icon" href="data:,"><a href="stream" download>Stream</a> <a href="file" download>File</a>'
    )


@app.get("/stream")
def stream():
    return Response(
        (CHUNK for _ in range(40)), headers={"Content-Disposition": "attachment; filename=stream.bin"}
    )


@app.get("/file")
def file():
    return send_file(io.BytesIO(CHUNK * 10), download_name="prüfung.bin", as_attachment=True)
