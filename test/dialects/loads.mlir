// The tool registers the dialect.
// RUN: winnow-opt --show-dialects | FileCheck %s
// CHECK: winnow
