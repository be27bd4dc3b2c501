#include "publisher/hash/recipe.h"

#include <optional>
#include <type_traits>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kRunbook = "runbook";
constexpr std::string_view kRunbookJune = "runbook-2026-06";
constexpr std::string_view kPiDevbox = "pi-devbox";

std::string Quoted(std::string_view text) {
  return Concat({"'", ReplaceAll(std::string(text), "'", "'\\''"), "'"});
}

// A path that starts with "-" would be taken for an option.
std::string QuotedPath(std::string_view path) {
  return Quoted(path.starts_with('-') ? Concat({"./", path}) : std::string(path));
}

std::string FindText(const TreeInput& tree) {
  std::string text = Concat({"find ", QuotedPath(tree.path), " -type f"});
  for (const std::string& folder : tree.excluded_folders) {
    text += Concat({" ! -path ", Quoted(Concat({"*/", folder, "/*"}))});
  }
  for (const std::string& glob : tree.excluded_files) {
    text += Concat({" ! -name ", Quoted(glob)});
  }
  return text + " -print0 2>/dev/null | sort -z | xargs -0 cat 2>/dev/null";
}

std::string InputText(const RecipeInput& input) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Input = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Input, FileInput>) {
          return Concat({"cat ", QuotedPath(held.path), " 2>/dev/null"});
        } else if constexpr (std::is_same_v<Input, TreeInput>) {
          return FindText(held);
        } else {
          return Concat({"printf '%s\\n' ", Quoted(held.text)});
        }
      },
      input);
}

}  // namespace

Recipe MakeRecipe(std::string name, std::string dockerfile, std::string tree,
                  const std::vector<std::string>& entrypoints,
                  const std::vector<std::string>& lines) {
  Recipe recipe;
  recipe.name = std::move(name);
  recipe.inputs.emplace_back(FileInput{std::move(dockerfile)});
  recipe.inputs.emplace_back(
      TreeInput{std::move(tree), {"__pycache__"}, {"*.pyc", ".DS_Store", "._*"}});
  for (const std::string& entrypoint : entrypoints) {
    recipe.inputs.emplace_back(FileInput{entrypoint});
  }
  for (const std::string& line : lines) {
    recipe.inputs.emplace_back(LineInput{line});
  }
  return recipe;
}

Recipe RunbookRecipe() {
  return MakeRecipe(std::string(kRunbook), "Dockerfile.base", "rootfs",
                    {"entrypoint.sh", "entrypoint-user.sh"});
}

Result<Recipe> NamedRecipe(std::string_view name, const std::vector<std::string>& lines) {
  std::optional<std::size_t> takes;
  if (name == kRunbook) {
    takes = 0;
  } else if (name == kRunbookJune) {
    takes = 1;
  } else if (name == kPiDevbox) {
    takes = lines.size();
  }
  if (!takes) {
    const auto nearest = NearestWord(name, RecipeNames());
    return Error(ErrorCode::kInvalid,
                 Concat({"recipe: unknown name: ", name, " (",
                         nearest ? Concat({"did you mean ", *nearest}) : "expected one of ",
                         nearest ? "" : Join(RecipeNames(), ", "), ")"}));
  }
  if (lines.size() != *takes) {
    return Error(ErrorCode::kInvalid,
                 Concat({"recipe ", name, ": takes ", std::to_string(*takes),
                         " literal lines, given: ", std::to_string(lines.size())}));
  }
  Recipe recipe = RunbookRecipe();
  recipe.name = std::string(name);
  for (const std::string& line : lines) {
    recipe.inputs.emplace_back(LineInput{line});
  }
  return recipe;
}

std::vector<std::string> RecipeNames() {
  return {std::string(kRunbook), std::string(kRunbookJune), std::string(kPiDevbox)};
}

std::string ShellText(const Recipe& recipe) {
  std::string text = "{";
  for (const RecipeInput& input : recipe.inputs) {
    text += Concat({" ", InputText(input), ";"});
  }
  return text + " } | sha256sum | cut -c1-12";
}

}  // namespace drydock::publisher
