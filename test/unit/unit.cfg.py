# The unit tests: every GoogleTest program that the build puts here.
import os

import lit.formats

config.name = "winnow-unit"
config.test_format = lit.formats.GoogleTest(".", "Test")
config.suffixes = []
config.test_source_root = config.test_exec_root = os.path.join(config.winnow_binary_dir, "test", "unit")
