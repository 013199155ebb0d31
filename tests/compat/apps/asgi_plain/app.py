async def app(scope, receive, send):
    assert scope["type"] == "http"
    body = (
        f"<link rel=icon href='data:,'><p>{scope['root_path']}|{scope['path']}|{scope['scheme']}</p>".encode()
    )
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": body})
