from flask import Flask, request

from portico import current_user

app = Flask(__name__)


@app.get("/")
def index():
    user = current_user
    return (
        "<link rel=icon href='data:,'>"
        f"<p>{user.is_authenticated}|{user.email}|{user.name}|{','.join(user.roles)}</p>"
        f"<pre>{request.environ.get('REMOTE_USER')}|{'portico_session' in str(request.cookies)}</pre>"
    )
