def bar(px, frame):
    return px.bar(frame, x="name", y="value", title="Numbers")
