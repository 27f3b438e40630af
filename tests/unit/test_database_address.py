"""Where a server is: what DSNs mean, what is refused, what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation.database.address import Address, parse_dsn, url_of
from isolation.database.errors import AddressWrong

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("postgresql://u@h", Address("h", 5432, "u")),
        ("postgres://u:p@h:1/d", Address("h", 1, "u", "p", "d")),
        ("postgresql://u:p%40%3A@[::1]:1/d", Address("::1", 1, "u", "p@:", "d")),
        ("user=u", Address("localhost", 5432, "u")),
        ("host=/run/postgresql user=u password='a b'", Address("/run/postgresql", 5432, "u", "a b")),
        ("postgresql://u@h/d?sslmode=require", Address("h", 5432, "u", "", "d", (("sslmode", "require"),))),
        ("postgresql://u@%2Fvar%2Frun:7/d", Address("/var/run", 7, "u", "", "d")),
    ],
)
def test_a_dsn_is_a_url_or_words(text: str, address: Address) -> None:
    assert parse_dsn(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "nonsense", "postgresql://h/d", "postgresql://u@h1,h2/d", "postgresql://u@h:1,2/d",
        "postgresql://u@h:0/d", "postgresql://u@h:65536/d", "postgresql://u@h:000543211111/d",
        "postgresql://u@h:٣/d", "service=x user=u", "hostaddr=127.0.0.1 user=u", "http://u@h/d",
        "postgresql://u:%zzhunter2@h/d", "user=u password='hunter2", "user=u hunter2=3",
        "postgresql://u:hunter2@zebra9@h/d", "user=u host=me:hunter2@h", "user=u host='hunter2 h'",
        "user=u dbname=postgresql://me:hunter2@h/d", "postgresql://u@h/d?sslmode=hunter2",
        "postgresql://u@h/d?connect_timeout=hunter2",
    ],
)  # fmt: skip
def test_a_dsn_that_names_no_single_server_and_user_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(AddressWrong) as caught:
        parse_dsn(text)
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"
    assert str(caught.value).startswith("database.dsn ")
    assert caught.value.exit_code == 2


@given(
    st.sampled_from(("postgresql://me:{}@db.example:5433/shop", "user=me password={} host=db.example")),
    st.text("@/:?#%&=+[]\\'\"\t,;é", min_size=1, max_size=3),
    st.sampled_from(("hunter2", "1234567")),
)
def test_nothing_of_a_password_is_shown_however_badly_it_is_written(
    template: str, between: str, first: str
) -> None:
    """Somebody forgot to escape it: it is refused, or taken for what it is, and never for a place or name."""
    try:
        address = parse_dsn(template.format(f"{first}{between}zebra99"))
    except AddressWrong as error:
        shown = f"{error} {error.hint}"
    else:
        shown = f"{address} {address.where} {address.user} {address.dbname} {address.options}"
    assert first not in shown
    assert "zebra99" not in shown


@given(WORDS, WORDS, WORDS, st.integers(1, 65535))
def test_a_url_means_the_address_it_was_made_of(user: str, password: str, dbname: str, port: int) -> None:
    address = Address("db.example", port, user, password, dbname, (("sslmode", "disable"),))
    assert parse_dsn(url_of(address)) == address


def test_a_password_is_not_shown() -> None:
    address = Address("h", 1, "u", "hunter2", "d", (("sslpassword", "hunter2"),))
    assert "hunter2" not in f"{address} {address!r} {address.where} {[address]}"


def test_others_are_told_how_to_reach_a_server_and_nothing_of_who_we_are() -> None:
    ours = "options=-crole%3Dme&passfile=/p&sslpassword=hunter2&application_name=a&client_encoding=LATIN1"
    address = parse_dsn(f"postgresql://u:p@h/d?{ours}&sslmode=require&sslrootcert=/c")
    assert address.transport == (("sslmode", "require"), ("sslrootcert", "/c"))


def test_what_is_local_is_told_from_what_is_not() -> None:
    local = ("localhost", "127.0.0.1", "::1", "/run/postgresql", "LOCALHOST")
    assert all(Address(host, 1, "u").is_local for host in local)
    assert not any(Address(host, 1, "u").is_local for host in ("db.example", "10.0.0.1", "localhost.evil"))
