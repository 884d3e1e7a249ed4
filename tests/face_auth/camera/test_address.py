"""What is taken for the address of a network camera, and what is refused without a word of it."""

import re

import pytest

from face_auth.camera import Camera
from face_auth.camera.address import is_address, parse_address
from face_auth.camera.sources import SourceKind, redacted, source_kind

SECRET = "s3cret"


@pytest.mark.parametrize(
    "spec",
    [
        "https://admin:12#s3cret@host.example/video",
        "https://admin:12/s3cret@host.example/video",
        "https://admin:12?s3cret@host.example/video",
        "https://admin:12@s3cret@host.example/video",
        "https://admin:[s3cret@host.example/video",
        "https://admin:s3cret]@host.example/video",
        "https://admin:12\\s3cret@host.example/video",
        "https://admin:12%s3cret@host.example/video",
        "https://admin:12 s3cret@host.example/video",
        "https://admin:12\ns3cret@host.example/video",
        "https://admin:12＃s3cret@host.example/video",
        "https://admin:s3cret@host.example:99999/video",
        "https://admin:s3cret@host.example:port/video",
        "https://admin:s3cret@[::1/video",
        "https://admin:s3cret@/video",
        "https://admin:s3cret@",
        " https://admin:s3cret@host.example/video",
        "https://admin:s3cret@host.example/video ",
        "https://admin:s3cret@host.example/vidéo",
        "https://host.example/video?token=s3cret#top",
        "https://host.example/video?token=%s3cret",
        "ftp://admin:s3cret@host.example/video",
        "https:/admin:s3cret@host.example/video",
        "https:admin:s3cret@host.example/video",
        "admin:s3cret@host.example/video",
        "admin:12/s3cret@host.example/video",
        "rtsp://admin:12#s3cret@host.example/live",
    ],
)
def test_an_address_that_is_not_whole_is_refused_and_not_repeated(spec: str) -> None:
    for use in (source_kind, Camera, redacted, parse_address):
        with pytest.raises(ValueError, match="must be percent-encoded") as refused:
            use(spec)
        error: BaseException | None = refused.value
        while error is not None:
            assert not re.search("s3cret|admin|host|12", repr(error))
            error = error.__context__


@pytest.mark.parametrize(
    ("spec", "user", "password", "host", "port", "target"),
    [
        ("https://host.example", None, "", "host.example", None, "/"),
        ("HTTP://Host_1:81?a=1&b[0]=2", None, "", "Host_1", 81, "/?a=1&b[0]=2"),
        ("https://admin:12%23s%2Fe%40c@host/v", "admin", "12#s/e@c", "host", None, "/v"),
        ("http://admin@host:/", "admin", "", "host", None, "/"),
        ("http://:word@host/", "", "word", "host", None, "/"),
        ("http://a;b:c:d!$&'()*+,;=@host/", "a;b", "c:d!$&'()*+,;=", "host", None, "/"),
        ("http://käse:brücke@bücher.example/", "käse", "brücke", "bücher.example", None, "/"),
        ("rtsps://u:p@[2001:db8::7]:322/s1", "u", "p", "2001:db8::7", 322, "/s1"),
        ("http://[fe80::1%eth0]/", None, "", "fe80::1%eth0", None, "/"),
        ("rtsp://h/cam?channel=1&subtype=0", None, "", "h", None, "/cam?channel=1&subtype=0"),
        ("http://h/s%20t/../x?q=%40?", None, "", "h", None, "/s%20t/../x?q=%40?"),
    ],
)
def test_a_whole_address_is_taken_apart(
    spec: str, user: str | None, password: str, host: str, port: int | None, target: str
) -> None:
    found = parse_address(spec)
    assert (found.user, found.password, found.host, found.port) == (user, password, host, port)
    assert found.target == target
    assert source_kind(spec) in {SourceKind.STREAM, SourceKind.TLS_STREAM}


def test_neither_log_nor_repr_shows_user_password_and_query() -> None:
    spec = "https://admin:s3cret@host.example:81/video?token=s3cret"
    assert redacted(spec) == "https://host.example:81/video"
    assert not re.search("s3cret|admin", repr(parse_address(spec)))


@pytest.mark.parametrize(
    "spec", ["10:30:00.mp4", "a@b.mp4", "./a:b@c.mp4", "/x/a:b@c.mp4", "../http://x", "0", "demo"]
)
def test_a_file_is_no_address(spec: str) -> None:
    assert not is_address(spec)
    assert redacted(spec) == spec
