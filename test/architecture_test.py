"""Checks what the compiler does not: in which direction the four rooms include and link each other."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("protocol", "session", "admin", "proxy")  # each may use those before it
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
LINKS = re.compile(r"sessiongate_(%s)\b" % "|".join(ROOMS))

# protocol/ turns bytes into meaning and back; session/ keeps records. Neither touches a socket, and protocol/ knows no
# clock and no thread.
NO_SOCKETS = re.compile(r"^(boost/(asio|beast)|sys/socket\.h|netinet/|arpa/|poll\.h|sys/epoll\.h)")
NO_THREADS = re.compile(r"^(thread|mutex|shared_mutex|condition_variable|future|chrono|ctime|pthread\.h)$")


def sources(room):
    return sorted(path for suffix in ("*.hpp", "*.cpp") for path in (ROOT / room).rglob(suffix))


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


class Architecture(unittest.TestCase):
    def assert_none(self, complaints):
        self.assertFalse(complaints, "\n  " + "\n  ".join(complaints))

    def test_every_room_has_sources(self):
        for room in ROOMS:
            self.assertTrue(sources(room), f"{room}/ is empty: has it moved?")

    def test_rooms_include_only_the_rooms_below_them(self):
        complaints = []
        for level, room in enumerate(ROOMS):
            for path in sources(room):
                for _, header in includes(path):
                    target = header.split("/")[0]
                    if target in ROOMS and ROOMS.index(target) > level:
                        complaints.append(f"{path.relative_to(ROOT)} includes {header}: {room}/ may not use {target}/")
        self.assert_none(complaints)

    def test_project_headers_are_quoted_and_named_from_the_root(self):
        complaints = []
        for room in ROOMS:
            for path in sources(room):
                for mark, header in includes(path):
                    ours = (ROOT / header).is_file()
                    if ours != (mark == '"'):
                        complaints.append(f'{path.relative_to(ROOT)}: {header} ("room/file.hpp" for ours, <> for others)')
        self.assert_none(complaints)

    def test_protocol_and_session_do_no_input_or_output(self):
        complaints = []
        for room in ("protocol", "session"):
            for path in sources(room):
                for _, header in includes(path):
                    if NO_SOCKETS.match(header) or (room == "protocol" and NO_THREADS.match(header)):
                        complaints.append(f"{path.relative_to(ROOT)} includes <{header}>")
        self.assert_none(complaints)

    def test_rooms_link_only_the_rooms_below_them(self):
        complaints = []
        for level, room in enumerate(ROOMS):
            for target in LINKS.findall((ROOT / room / "CMakeLists.txt").read_text(encoding="utf-8")):
                if ROOMS.index(target) > level:
                    complaints.append(f"{room}/CMakeLists.txt links sessiongate_{target}")
        self.assert_none(complaints)

    def test_every_header_is_included_only_once(self):
        missing = [str(path.relative_to(ROOT)) for room in ROOMS for path in sources(room)
                   if path.suffix == ".hpp" and "#pragma once" not in path.read_text(encoding="utf-8")]
        self.assert_none(missing)


if __name__ == "__main__":
    unittest.main()
