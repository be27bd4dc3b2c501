// Any tree gives the hash that the shell recipe gives.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>

#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/hash/shell_recipe.h"

namespace drydock::publisher {

struct Planted {
  enum Kind { kFile, kFolder, kLink, kUnreadableFile, kUnreadableFolder };
  Kind kind;
  std::vector<std::string> path;
  std::string content;
};

void showValue(const Planted& planted, std::ostream& out) {  // rapidcheck's name
  out << planted.kind << ' ' << Join(planted.path, "/") << " (" << planted.content.size() << ')';
}

namespace {

namespace fs = std::filesystem;
using testing::TempFolder;

// Names that sort, look or are treated differently from what they seem.
rc::Gen<std::string> Names() {
  return rc::gen::elementOf(std::vector<std::string>{"a",
                                                     "b",
                                                     "A",
                                                     "Z",
                                                     "a.b",
                                                     "a-b",
                                                     "a0",
                                                     "a b",
                                                     "a\nb",
                                                     "\n",
                                                     "\xff\xfe",
                                                     "\xc3\xa9",
                                                     "-n",
                                                     "--",
                                                     "._x",
                                                     "._",
                                                     ".DS_Store",
                                                     ".DS_Store2",
                                                     "x.pyc",
                                                     ".pyc",
                                                     "x.pyc.txt",
                                                     "__pycache__",
                                                     "__pycache__x",
                                                     "a__pycache__",
                                                     "~",
                                                     "{",
                                                     "%s",
                                                     "'q'",
                                                     "$HOME",
                                                     "\\",
                                                     "*",
                                                     "?",
                                                     " ",
                                                     "\t",
                                                     ".a",
                                                     "..a",
                                                     "aaaaaaaaaaaaaaaaaaaa",
                                                     "aaaaaaaaaaaaaaaaaaab"});
}

rc::Gen<Planted> AnyPlanted() {
  using Kind = Planted::Kind;
  return rc::gen::construct<Planted>(
      rc::gen::weightedElement<Kind>({{8, Kind::kFile},
                                      {2, Kind::kFolder},
                                      {1, Kind::kLink},
                                      {1, Kind::kUnreadableFile},
                                      {1, Kind::kUnreadableFolder}}),
      rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(Names()))),
      rc::gen::element<std::string>("", "x", "line\n", "dos\r\nline\r\n", "no newline at the end",
                                    std::string("\0\xff", 2), std::string(5000, 'k')));
}

// Where something stands in the way, nothing is planted.
void Plant(const fs::path& root, const Planted& planted) {
  std::error_code ignored;
  fs::path path = root / "rootfs";
  for (const std::string& name : planted.path) {
    path /= name;
  }
  fs::create_directories(path.parent_path(), ignored);
  if (fs::exists(fs::symlink_status(path, ignored))) {
    return;
  }
  switch (planted.kind) {
    case Planted::kLink:
      fs::create_symlink(planted.content.empty() ? ".." : "a", path, ignored);
      return;
    case Planted::kFolder:
    case Planted::kUnreadableFolder:
      fs::create_directories(path, ignored);
      break;
    case Planted::kFile:
    case Planted::kUnreadableFile:
      std::ofstream(path, std::ios::binary) << planted.content;
      break;
  }
  if (planted.kind == Planted::kUnreadableFile || planted.kind == Planted::kUnreadableFolder) {
    ::chmod(path.c_str(), 0);
  }
}

RC_GTEST_PROP(RecipeProperty, EveryTreeHashesAsTheShellRecipeDoes, ()) {
  const TempFolder folder;
  RC_ASSERT(::chmod(folder.path().c_str(), 0755) == 0);
  const auto inputs = *rc::gen::arbitrary<std::vector<bool>>();
  const auto has = [&](std::size_t at) { return at >= inputs.size() || inputs[at]; };
  if (has(0)) {
    folder.Write("Dockerfile.base", "FROM debian\n");
  }
  if (has(1)) {
    folder.Write("entrypoint.sh", "sh\r\n");
  }
  if (has(2)) {
    folder.Write("entrypoint-user.sh", "");
  }
  if (has(3)) {
    fs::create_directory(folder.At("rootfs"));
    for (const Planted& planted : *rc::gen::container<std::vector<Planted>>(AnyPlanted())) {
      Plant(folder.path(), planted);
    }
  }
  const std::string shell = ShellHash(folder.path(), RunbookRecipe(), RunAs::kNobody);
  std::optional<AsNobody> nobody(std::in_place);
  const auto compat = HashTree(folder.path(), RunbookRecipe(), {.compat = true});
  const auto strict = HashTree(folder.path(), RunbookRecipe());
  nobody.reset();
  RC_ASSERT(compat.ok());
  RC_ASSERT(compat->Short() == shell);
  // Strict never gives another hash: it gives this one, or names what was left out.
  RC_ASSERT(strict.ok() == compat->skipped.empty());
  if (strict.ok()) {
    RC_ASSERT(strict->Short() == shell);
  }
}

}  // namespace
}  // namespace drydock::publisher
