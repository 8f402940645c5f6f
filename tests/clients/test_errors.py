"""What a person reads when something goes wrong."""

from colloque.clients import errors


def test_refusals_carry_what_a_program_needs() -> None:
    error = errors.RequestRefused("capacity", "every slot is taken", 503, 30.0)
    assert (error.code, error.status, error.retry_after_s) == ("capacity", 503, 30.0)
    assert str(error) == "every slot is taken (capacity)"


def test_a_closed_stream_says_why() -> None:
    error = errors.StreamClosed(4003, "superseded", "another client sends now")
    assert (error.close_code, error.code) == (4003, "superseded")
    assert str(error) == "another client sends now (superseded, close code 4003)"


def test_every_expected_fault_has_one_root() -> None:
    kinds = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert all(issubclass(kind, errors.ClientError) for kind in kinds)
