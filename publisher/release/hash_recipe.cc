#include "publisher/release/hash_recipe.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kInputsMost = 64;
constexpr std::string_view kPath = "a path inside the project such as \"rootfs/etc\"";
constexpr std::string_view kFolderName = "the whole name of a folder such as \"__pycache__\"";
constexpr std::string_view kFileGlob =
    "a glob on a file's name, of * and ? alone, such as \"*.pyc\"";

std::string Unlike(std::string_view expected, std::string_view found) {
  return Concat({"expected ", expected, ", found: \"", found, "\""});
}

// One that every kind of source knows under the same name.
bool IsPlainPath(std::string_view path) {
  const auto names = Split(path, '/');
  return path.find('\0') == std::string_view::npos &&
         std::none_of(names.begin(), names.end(), [](const std::string& name) {
           return name.empty() || name == "." || name == "..";
         });
}

// Without what find's -path and -name would take for something else.
bool IsPlainName(std::string_view name, std::string_view special) {
  return !name.empty() && name.find_first_of(special) == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

void ReadPath(json::ObjectReader& reader, std::string_view key, std::string& into) {
  if (reader.Require(key, into) && !IsPlainPath(into)) {
    reader.Fail(key, Unlike(kPath, into));
  }
}

void ReadNames(json::ObjectReader& reader, std::string_view key, std::string_view special,
               std::string_view expected, std::vector<std::string>& into) {
  reader.Read(key, into);
  for (const std::string& name : into) {
    if (!IsPlainName(name, special)) {
      reader.Fail(key, Unlike(expected, name));
    }
  }
}

TreeInput ReadTree(json::ObjectReader& reader) {
  TreeInput tree;
  ReadPath(reader, "tree", tree.path);
  ReadNames(reader, "exclude-folders", "/*?[\\", kFolderName, tree.excluded_folders);
  ReadNames(reader, "exclude-files", "/[\\", kFileGlob, tree.excluded_files);
  // find's pattern looks at the whole path, and would leave out everything.
  for (const std::string& name : Split(tree.path, '/')) {
    if (std::find(tree.excluded_folders.begin(), tree.excluded_folders.end(), name) !=
        tree.excluded_folders.end()) {
      reader.Fail("exclude-folders", Concat({"the tree itself lies in \"", name, "\""}));
    }
  }
  return tree;
}

RecipeInput ReadInput(json::Source& source, const json::Value& value, std::string_view what) {
  json::ObjectReader reader(source, value, what);
  RecipeInput input;
  const int kinds = (value.Find("file") != nullptr ? 1 : 0) +
                    (value.Find("tree") != nullptr ? 1 : 0) +
                    (value.Find("line") != nullptr ? 1 : 0);
  if (value.as_object() != nullptr && kinds != 1) {
    reader.Fail("", "expected exactly one of \"file\", \"tree\" and \"line\"");
  } else if (value.Find("tree") != nullptr) {
    input = ReadTree(reader);
  } else if (value.Find("line") != nullptr) {
    LineInput line;
    if (reader.Require("line", line.text) && line.text.find('\0') != std::string::npos) {
      reader.Fail("line", "expected text without NUL");  // no shell could print it
    }
    input = std::move(line);
  } else {
    FileInput file;
    ReadPath(reader, "file", file.path);
    input = std::move(file);
  }
  reader.Finish();
  return input;
}

std::vector<RecipeInput> ReadInputs(json::Source& source, const json::Value& value) {
  std::vector<RecipeInput> inputs;
  const auto fail = [&](std::string_view found) {
    source.Fail(value.line(), Concat({"base: hash: \"inputs\": expected an array of 1 to ",
                                      std::to_string(kInputsMost), " inputs, found ", found}));
  };
  const auto* elements = value.as_array();
  if (elements == nullptr) {
    fail(Concat({value.KindName(), ": ", value.Excerpt()}));
  } else if (elements->empty() || elements->size() > kInputsMost) {
    fail(std::to_string(elements->size()));
  } else {
    for (const json::Value& element : *elements) {
      inputs.push_back(ReadInput(
          source, element, Concat({"base: hash: input ", std::to_string(inputs.size() + 1)})));
    }
  }
  return inputs;
}

}  // namespace

Recipe ReadHashRecipe(json::Source& source, const json::Value& value, std::string name) {
  json::ObjectReader reader(source, value, "base: hash");
  Recipe recipe;
  if (const json::Value* inputs = reader.Optional("inputs")) {
    recipe = Recipe{std::move(name), ReadInputs(source, *inputs)};
  } else {
    std::string dockerfile;
    std::string tree;
    std::vector<std::string> entrypoints;
    ReadPath(reader, "dockerfile", dockerfile);
    ReadPath(reader, "tree", tree);
    reader.Require("entrypoints", entrypoints);
    for (const std::string& entrypoint : entrypoints) {
      if (!IsPlainPath(entrypoint)) {
        reader.Fail("entrypoints", Unlike(kPath, entrypoint));
      }
    }
    recipe = MakeRecipe(std::move(name), std::move(dockerfile), std::move(tree), entrypoints);
  }
  reader.Finish();
  return recipe;
}

}  // namespace drydock::publisher
