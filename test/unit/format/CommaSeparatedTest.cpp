// Lists in options, with and without what may be left out.
#include "format/CommaSeparated.h"

#include <gtest/gtest.h>

using winnow::format::commaSeparated;

namespace {

using Items = std::vector<std::string_view>;

TEST(CommaSeparated, Items) {
  EXPECT_EQ(commaSeparated(""), Items());
  EXPECT_EQ(commaSeparated("races"), Items({"races"}));
  EXPECT_EQ(commaSeparated("races,-bounds@k"), Items({"races", "-bounds@k"}));
  EXPECT_EQ(commaSeparated("races,"), Items({"races"}));
  EXPECT_EQ(commaSeparated(",,races"), Items({"", "", "races"}));
}

} // namespace
