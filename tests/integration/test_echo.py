"""The example plugin echo: a frame plugin claims messages before they are decoded, and answers in their own kind."""

import pytest

from support.raw import BINARY, CONTINUATION, PING, PONG, TEXT

KB = 1024


@pytest.fixture(scope="module")
def echo(shared_gateway):
    return shared_gateway(
        {
            "wsc": {
                "performance": {"max_queue_size": 16 * KB},
                "security": {"max_message_size": 4 * KB},
            },
            "plugins": {"load": [{"name": "echo"}]},
        }
    )


def expect_frame(client, opcode, payload):
    frame = client.read_frame()
    assert (frame.fin, frame.opcode) == (True, opcode), frame
    assert frame.payload == payload, frame


@pytest.mark.parametrize(
    "text",
    ["hello", "", "not JSON {", '{"type":"ping"}', '{"type":"text","to":"nobody","content":"Zoë"}', "\0\u2028\U0010ffff"],
)
def test_text_comes_back_as_text_and_is_not_decoded(echo, text):
    with echo.connect() as client:
        client.send_text(text)
        expect_frame(client, TEXT, text.encode())
        client.close()


def test_binary_comes_back_as_binary(echo):
    everything = bytes(range(256))
    with echo.connect() as client:
        for payload in (b"", b"\xff", everything):
            client.send_frame(BINARY, payload)
            expect_frame(client, BINARY, payload)
        client.close()


# Each size around a change of the length's form, and one that needs many reads.
@pytest.mark.parametrize("size", [125, 126, 127, 65535, 65536, 4 * KB * KB])
def test_every_length_comes_back_whole(echo, size):
    payload = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    with echo.connect() as client:
        client.send_frame(BINARY, payload)
        expect_frame(client, BINARY, payload)
        client.close()


def test_fragments_come_back_as_one_message_and_a_ping_between_them_is_answered_first(echo):
    with echo.connect() as client:
        client.send_frame(TEXT, "Zo".encode(), fin=False)
        client.send_frame(CONTINUATION, b"\xc3", fin=False)  # the first half of a character
        client.send_frame(PING, b"still there?")
        client.send_frame(CONTINUATION, b"\xab")
        expect_frame(client, PONG, b"still there?")
        expect_frame(client, TEXT, "Zoë".encode())
        client.close()


def test_messages_come_back_in_their_order(echo):
    texts = [f"message {i}" for i in range(1000)]
    with echo.connect() as client:
        for text in texts:
            client.send_text(text)
        for text in texts:
            expect_frame(client, TEXT, text.encode())
        client.close()


def test_text_that_is_not_utf8_never_reaches_the_plugin(echo):
    with echo.connect() as client:
        client.send_frame(TEXT, b"\xff")
        client.expect_close(1007)
