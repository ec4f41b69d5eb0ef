"""Arguments: openai | openai-stream | anthropic | anthropic-stream, then the prompt. Prints one JSON line."""
import json
import sys

what, prompt = sys.argv[1], sys.argv[2]
messages = [{"role": "user", "content": prompt}]
try:
    text = ""
    if what.startswith("openai"):
        from openai import OpenAI

        client = OpenAI(api_key="sk-test-not-a-key")
        if what == "openai":
            answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
            text = answer.choices[0].message.content
        else:
            for chunk in client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True):
                if chunk.choices:
                    text += chunk.choices[0].delta.content or ""
    else:
        from anthropic import Anthropic

        client = Anthropic(api_key="sk-ant-test-not-a-key")
        if what == "anthropic":
            answer = client.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=messages)
            text = answer.content[0].text
        else:
            with client.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=messages) as stream:
                for piece in stream.text_stream:
                    text += piece
    print(json.dumps({"ok": True, "text": text}))
except Exception as error:
    print(json.dumps({"ok": False, "kind": type(error).__name__, "status": getattr(error, "status_code", None), "message": str(error)}))
