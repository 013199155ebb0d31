def sentence(side):
    return f"this is {side}, said by right"
