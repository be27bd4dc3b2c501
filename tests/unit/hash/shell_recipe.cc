#include "tests/unit/hash/shell_recipe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "core/text.h"
#include "tests/support/child.h"

namespace drydock::publisher {
namespace {

constexpr uid_t kNobody = 65534;

}  // namespace

std::string ShellHash(const std::string& root, const Recipe& recipe, RunAs user) {
  std::vector<std::string> command;
  if (user == RunAs::kNobody && ::getuid() == 0) {
    const std::string id = std::to_string(kNobody);
    command = {"setpriv", "--reuid", id, "--regid", id, "--clear-groups"};
  }
  command.insert(command.end(),
                 {"sh", "-c", "cd -- \"$1\" && eval \"$2\"", "sh", root, ShellText(recipe)});
  testing::Child shell(command, {"LC_ALL=C"}, "util-linux");
  EXPECT_EQ(shell.Wait(), 0) << shell.err();
  return std::string(Trim(shell.out()));
}

AsNobody::AsNobody() : root_(::geteuid() == 0) {
  if (root_) {
    EXPECT_EQ(::setegid(kNobody), 0);
    EXPECT_EQ(::seteuid(kNobody), 0);
  }
}

AsNobody::~AsNobody() {
  if (root_) {
    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_EQ(::setegid(0), 0);
  }
}

}  // namespace drydock::publisher
