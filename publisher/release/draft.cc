#include "publisher/release/draft.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBaseDockerfile = "Dockerfile.base";
constexpr std::string_view kInstall = "INSTALL_";
constexpr std::string_view kVersion = "_VERSION";

constexpr std::string_view kAboutBase = R"(
  // Built and pushed as base-<12 hex digits> only when that tag is missing. The hash is
  // made of these, in this order; it must be what your CI computes.
  "base": {
)";
constexpr std::string_view kHashOpens = R"(",
    "hash": {
      "inputs": [
        )";
constexpr std::string_view kHashCloses = R"(
      ]
    }
  },
)";

struct BuildArgument {
  std::string name;
  std::string value;  // its default
};

struct PackageArgument {
  std::string argument;
  std::string package;
};

// The ARG lines of a Dockerfile, each name once.
std::vector<BuildArgument> ArgumentsOf(std::string_view dockerfile) {
  std::vector<BuildArgument> arguments;
  for (const std::string& raw : Split(dockerfile, '\n')) {
    const std::string_view line = Trim(raw);
    if (!line.starts_with("ARG ") && !line.starts_with("arg ")) {
      continue;
    }
    const std::string_view word = Trim(line.substr(4));
    const std::size_t equals = word.find('=');
    BuildArgument argument{
        std::string(Trim(word.substr(0, equals))),
        equals == std::string_view::npos ? "" : std::string(Trim(word.substr(equals + 1)))};
    const bool known =
        std::any_of(arguments.begin(), arguments.end(),
                    [&](const BuildArgument& other) { return other.name == argument.name; });
    if (!known) {
      arguments.push_back(std::move(argument));
    }
  }
  return arguments;
}

// The npm package that the Dockerfile installs as PACKAGE@${ARGUMENT}; "" when none is seen.
std::string PackageOf(std::string_view dockerfile, const std::string& argument) {
  for (const std::string& mark : {Concat({"@${", argument, "}"}), Concat({"@$", argument})}) {
    const std::size_t at = dockerfile.find(mark);
    if (at == std::string_view::npos) {
      continue;
    }
    const std::size_t before = dockerfile.substr(0, at).find_last_of(" \t\n\"'=");
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    return std::string(dockerfile.substr(start, at - start));
  }
  return {};
}

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string QuotedList(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  std::transform(texts.begin(), texts.end(), std::back_inserter(quoted), Quoted);
  return Concat({"[", Join(quoted, ", "), "]"});
}

struct Variant {
  std::string name;
  std::string suffix;
  std::vector<std::string> flags;  // INSTALL_… arguments that are "true"
};

class Draft {
 public:
  Draft(fs::path folder, const ImageReference& image) : folder_(std::move(folder)), image_(image) {}

  Result<std::string> Write() {
    ReadDockerfiles();
    if (dockerfile_.empty()) {
      return Error(ErrorCode::kNotFound,
                   Concat({folder_.string(), ": no Dockerfile to publish from (looked for ",
                           "Dockerfile.variant and Dockerfile)"}));
    }
    const auto text = ReadWholeFile((folder_ / dockerfile_).string());
    if (!text) {
      return text.error();
    }
    FindVariants(ArgumentsOf(*text));
    FindVersions(ArgumentsOf(*text), *text);
    return Concat({Head(), Base(), Versions(), Variants(), "}\n"});
  }

 private:
  bool Has(std::string_view name) const {
    std::error_code ignored;
    return fs::is_regular_file(folder_ / name, ignored);
  }

  void ReadDockerfiles() {
    has_base_ = Has(kBaseDockerfile);
    for (const std::string_view name : {"Dockerfile.variant", "Dockerfile"}) {
      if (dockerfile_.empty() && Has(name)) {
        dockerfile_ = name;
      }
    }
  }

  // One with what is installed anyway, and one for each thing that is not.
  void FindVariants(const std::vector<BuildArgument>& arguments) {
    Variant plain{has_base_ ? "base" : "image", "", {}};
    for (const BuildArgument& argument : arguments) {
      if (argument.name.starts_with(kInstall) && argument.value == "true") {
        plain.flags.push_back(argument.name);
      }
    }
    variants_.push_back(plain);
    for (const BuildArgument& argument : arguments) {
      if (argument.name.starts_with(kInstall) && argument.value != "true") {
        Variant more = plain;
        more.name = ReplaceAll(ToLower(argument.name.substr(kInstall.size())), "_", "-");
        more.suffix = "-" + more.name;
        more.flags.push_back(argument.name);
        variants_.push_back(std::move(more));
      }
    }
  }

  void FindVersions(const std::vector<BuildArgument>& arguments, std::string_view text) {
    for (const BuildArgument& argument : arguments) {
      if (!argument.name.ends_with(kVersion)) {
        continue;
      }
      const std::string package = PackageOf(text, argument.name);
      if (package.empty()) {
        unknown_versions_.push_back(argument.name);
      } else {
        versions_.push_back({argument.name, package});
      }
    }
  }

  // X_VERSION goes to the variants that INSTALL_X, or to all of them when nothing installs X.
  std::vector<std::string> VersionsFor(const Variant& variant) const {
    std::vector<std::string> taken;
    for (const PackageArgument& version : versions_) {
      const std::string flag =
          Concat({kInstall, version.argument.substr(0, version.argument.size() - kVersion.size())});
      const auto installs = [&](const Variant& some) {
        return std::find(some.flags.begin(), some.flags.end(), flag) != some.flags.end();
      };
      if (installs(variant) || std::none_of(variants_.begin(), variants_.end(), installs)) {
        taken.push_back(version.argument);
      }
    }
    return taken;
  }

  std::string Head() const {
    return Concat(
        {"{\n"
         "  // What is published, and how: look it over, then try it with\n"
         "  //   drydock publish THIS-FILE --plan\n"
         "  \"image\": ",
         Quoted(image_.Name()),
         ",\n"
         "  \"platforms\": [\"linux/amd64\", \"linux/arm64\"],\n"});
  }

  std::string Base() const {
    if (!has_base_) {
      return {};
    }
    std::vector<std::string> inputs = {Concat({R"({ "file": ")", kBaseDockerfile, R"(" })"})};
    std::error_code ignored;
    if (fs::is_directory(folder_ / "rootfs", ignored)) {
      inputs.emplace_back(R"({ "tree": "rootfs", "exclude-folders": ["__pycache__"], )"
                          R"("exclude-files": ["*.pyc", ".DS_Store", "._*"] })");
    }
    std::vector<std::string> entrypoints;
    for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
      const std::string name = entry.path().filename().string();
      if (GlobMatches("entrypoint*.sh", name)) {
        entrypoints.push_back(name);
      }
    }
    // "entrypoint.sh" before "entrypoint-user.sh", as the runbook has them.
    std::sort(entrypoints.begin(), entrypoints.end(), [](const auto& a, const auto& b) {
      return std::pair(a.size(), a) < std::pair(b.size(), b);
    });
    for (const std::string& name : entrypoints) {
      inputs.push_back(Concat({R"({ "file": )", Quoted(name), " }"}));
    }
    return Concat({kAboutBase, R"(    "dockerfile": ")", kBaseDockerfile, kHashOpens,
                   Join(inputs, ",\n        "), kHashCloses});
  }

  std::string Versions() const {
    std::string text;
    for (const std::string& argument : unknown_versions_) {
      text += Concat({"\n  // ", argument,
                      " is a build argument, of a package that the Dockerfile does not name:\n"
                      "  // give a concrete version in \"build-args\", or name its npm package "
                      "here.\n"});
    }
    if (versions_.empty()) {
      return text;
    }
    text +=
        "\n"
        "  // What npm calls latest when the release begins; \"pinned\" holds a version still.\n"
        "  \"versions\": [\n";
    std::vector<std::string> lines;
    for (const PackageArgument& version : versions_) {
      lines.push_back(Concat({"    { \"argument\": ", Quoted(version.argument),
                              ", \"package\": ", Quoted(version.package), " }"}));
    }
    return Concat({text, Join(lines, ",\n"), "\n  ],\n"});
  }

  std::string Variants() const {
    std::vector<std::string> lines;
    for (const Variant& variant : variants_) {
      std::vector<std::string> arguments;
      for (const std::string& flag : variant.flags) {
        arguments.push_back(Concat({Quoted(flag), ": \"true\""}));
      }
      const std::vector<std::string> versions = VersionsFor(variant);
      lines.push_back(Concat(
          {"    { \"name\": ", Quoted(variant.name), ", \"suffix\": ", Quoted(variant.suffix),
           ", \"dockerfile\": ", Quoted(dockerfile_),
           arguments.empty() ? ""
                             : Concat({",\n      \"build-args\": { ", Join(arguments, ", "), " }"}),
           versions.empty() ? "" : Concat({",\n      \"versions\": ", QuotedList(versions)}),
           " }"}));
    }
    return Concat(
        {"\n"
         "  // One after another, each as <release tag><suffix>, then latest<suffix>.\n"
         "  \"variants\": [\n",
         Join(lines, ",\n"), "\n  ]\n"});
  }

  const fs::path folder_;
  const ImageReference& image_;
  bool has_base_ = false;
  std::string dockerfile_;  // of the variants
  std::vector<Variant> variants_;
  std::vector<PackageArgument> versions_;
  std::vector<std::string> unknown_versions_;
};

}  // namespace

Result<std::string> DraftReleaseFile(const std::string& folder, const ImageReference& image) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return Error(ErrorCode::kNotFound, Concat({folder, ": no such folder"}));
  }
  return Draft(folder, image).Write();
}

std::string ImageNameOfRemote(const std::string& address) {
  std::string path = ToLower(Trim(address));
  if (path.ends_with(".git")) {
    path.resize(path.size() - std::string_view(".git").size());
  }
  const std::size_t name = path.rfind('/');
  if (name == std::string::npos || name == 0 || name + 1 == path.size()) {
    return {};
  }
  const std::size_t owner = path.find_last_of("/:@", name - 1);
  return owner == std::string::npos ? path : path.substr(owner + 1);
}

}  // namespace drydock::publisher
