"""Secret files are for their owner alone."""

import os
from pathlib import Path

import pytest

from bot import settings
from bot.core.errors import ConfigError

TOKEN = "xoxb-秘密の合言葉"


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a token, which its owner alone may read."""
    folder = tmp_path / "秘密"
    folder.mkdir(mode=0o755)
    file = folder / "shirube_slack__bot_token"
    file.write_text(TOKEN, encoding="utf-8")
    file.chmod(0o600)
    (folder / "shirube_slack__app_token").write_text("xapp-1", encoding="utf-8")
    (folder / "shirube_slack__app_token").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHIRUBE_SECRETS", str(folder))
    return file


def test_a_file_of_its_owner_is_read(secret: Path) -> None:
    assert settings.load().slack.wanted
    assert secret.is_file()


def test_row_98_a_secret_that_everybody_may_read_is_told(secret: Path) -> None:
    secret.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        settings.load()

    assert str(caught.value) == (
        f"everybody on this machine may read the secret in {secret}; "
        f"run `chmod 600 {secret}`"
    )


def test_a_folder_that_is_closed_protects_its_files(secret: Path) -> None:
    secret.chmod(0o644)
    secret.parent.chmod(0o700)

    assert settings.load().slack.wanted


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_is_read_as_it_is(secret: Path) -> None:
    """Containers mount their secrets so."""
    secret.chmod(0o644)
    os.chown(secret, 65534, 65534)

    assert settings.load().slack.wanted


def test_what_is_no_setting_is_left_alone(secret: Path) -> None:
    (secret.parent / "postgres").write_text("合言葉", encoding="utf-8")
    (secret.parent / "postgres").chmod(0o644)

    assert settings.load().slack.wanted
