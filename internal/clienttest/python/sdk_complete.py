"""Checks that the tests that ran before, in the same process, called every method of the SDK's experiments API."""

import unittest

import sdk_support as support


class Complete(unittest.TestCase):
    def test_every_method_was_called(self) -> None:
        self.assertEqual(support.admin.not_called(), [])


if __name__ == "__main__":
    unittest.main()
