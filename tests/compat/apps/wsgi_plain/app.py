def application(environ, start_response):
    seen = "|".join(environ[name] for name in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"))
    body = f"<link rel=icon href='data:,'><p>{seen}</p>"
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [body.encode()]
