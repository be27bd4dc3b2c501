#include "publisher/release/release_file.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "core/http.h"
#include "core/text.h"
#include "publisher/release/hash_recipe.h"
#include "publisher/release/version_text.h"

namespace drydock::publisher {
namespace {

using json::Member;
using json::ObjectReader;
using json::Source;
using json::Value;

constexpr std::size_t kVariantsMax = 64;
constexpr std::size_t kAlsoMax = 8;
constexpr std::size_t kTagCharsMax = 128;
constexpr std::string_view kBaseImageArgument = "BASE_IMAGE";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

bool IsIdentifier(std::string_view text) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !text.empty() && !IsDigit(text.front()) && std::all_of(text.begin(), text.end(), fits);
}

// "linux/amd64", "linux/arm/v7".
bool IsPlatform(std::string_view text) {
  const auto parts = Split(text, '/');
  const auto fits = [](const std::string& part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return IsLower(c) || IsDigit(c); });
  };
  return (parts.size() == 2 || parts.size() == 3) && std::all_of(parts.begin(), parts.end(), fits);
}

// A path that stays inside the project.
bool IsProjectPath(std::string_view text) {
  if (text.empty() || text.front() == '/' || text.find('\0') != std::string_view::npos) {
    return false;
  }
  const auto parts = Split(text, '/');
  return std::find(parts.begin(), parts.end(), "..") == parts.end();
}

// "oh-my-opencode-slim", "@scope/name".
bool IsPackageName(std::string_view text) {
  if (text.starts_with('@')) {
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && slash > 1 && IsPackageName(text.substr(slash + 1));
  }
  const auto fits = [](char c) {
    return IsLower(c) || IsDigit(c) || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.front() != '.' && std::all_of(text.begin(), text.end(), fits);
}

class FileReader {
 public:
  explicit FileReader(Source& source) : source_(source) {}

  ReleaseFile Read(const Value& root) {
    ReleaseFile release;
    release.source = source_.file();
    ObjectReader reader(source_, root, "release");
    ReadImage(reader, release);
    ReadPlatforms(reader, release);
    ReadBuilder(reader, release);
    ReadAlso(reader, release);
    ReadRevisionRule(reader, release);
    ReadRegistry(reader, release);
    if (const Value* base = reader.Optional("base")) {
      release.base = ReadBase(*base, release.builder);
    }
    if (const Value* versions = reader.Optional("versions")) {
      ReadVersions(*versions, release);
    }
    if (const Value* variants = reader.Required("variants")) {
      ReadVariants(*variants, release);
    }
    reader.Finish();
    CheckVersionsAreUsed(root, release);
    return release;
  }

 private:
  static std::string Unlike(std::string_view expected, std::string_view found) {
    return Concat({"expected ", expected, ", found: \"", found, "\""});
  }

  // A required string that `fits`.
  template <class Predicate>
  void Text(ObjectReader& reader, std::string_view key, std::string& into, Predicate fits,
            std::string_view expected) {
    if (reader.Require(key, into) && !fits(into)) {
      reader.Fail(key, Unlike(expected, into));
    }
  }

  // The elements of a member that must be an array; none when it is not.
  const Value::Array& Elements(const Value& value, std::string_view what) {
    static const Value::Array kNone;
    if (value.as_array() == nullptr) {
      source_.Fail(value.line(), Concat({"release: \"", what, "\": expected an array, found ",
                                         value.KindName(), ": ", value.Excerpt()}));
      return kNone;
    }
    return *value.as_array();
  }

  void ReadImage(ObjectReader& reader, ReleaseFile& release) {
    std::string text;
    if (!reader.Require("image", text)) {
      return;
    }
    auto image = ImageReference::Parse(text);
    if (!image) {
      reader.Fail("image", image.error().message());
    } else if (image->tag || image->digest) {
      reader.Fail("image", Unlike("a repository without tag or digest", text));
    } else {
      release.image = std::move(*image);
    }
  }

  void ReadAlso(ObjectReader& reader, ReleaseFile& release) {
    std::vector<std::string> names;
    if (!reader.Read("also", names)) {
      return;
    }
    if (release.builder != BuilderKind::kLayout) {
      reader.Fail("also", "expected \"builder\": \"layout\": only prebuilt images go to several");
    }
    if (names.size() > kAlsoMax) {
      reader.Fail("also", Concat({"expected at most ", std::to_string(kAlsoMax),
                                  ", found: ", std::to_string(names.size())}));
    }
    std::set<std::string> seen = {release.image.Name()};
    for (const std::string& name : names) {
      auto image = ImageReference::Parse(name);
      if (!image || image->tag || image->digest) {
        reader.Fail("also", Unlike("a repository without tag or digest", name));
      } else if (!seen.insert(image->Name()).second) {
        reader.Fail("also", Concat({"named twice: \"", name, "\""}));
      } else {
        release.also.push_back(std::move(*image));
      }
    }
  }

  void ReadPlatforms(ObjectReader& reader, ReleaseFile& release) {
    if (!reader.Require("platforms", release.platforms)) {
      return;
    }
    if (release.platforms.empty()) {
      reader.Fail("platforms", "expected at least one, such as \"linux/amd64\"");
    }
    std::set<std::string> seen;
    for (const std::string& platform : release.platforms) {
      if (!IsPlatform(platform)) {
        reader.Fail("platforms", Unlike("os/architecture such as \"linux/amd64\"", platform));
      } else if (!seen.insert(platform).second) {
        reader.Fail("platforms", Concat({"named twice: \"", platform, "\""}));
      }
    }
  }

  void ReadRegistry(ObjectReader& reader, ReleaseFile& release) {
    if (reader.Read("npm-registry", release.npm_registry)) {
      if (const auto url = Url::Parse(release.npm_registry); !url) {
        reader.Fail("npm-registry", url.error().message());
      }
    }
  }

  std::map<std::string, std::string> ReadBuildArgs(ObjectReader& reader, std::string_view what) {
    std::map<std::string, std::string> arguments;
    const Value* value = reader.Optional("build-args");
    if (value == nullptr) {
      return arguments;
    }
    if (value->as_object() == nullptr) {
      reader.Fail("build-args", Concat({"expected an object of strings, found ", value->KindName(),
                                        ": ", value->Excerpt()}));
      return arguments;
    }
    for (const Member& member : *value->as_object()) {
      const auto fail = [&](std::string_view message) {
        source_.Fail(member.line, Concat({what, ": build-args: \"", member.key, "\": ", message}));
      };
      const std::string* text = member.value.as_string();
      if (!IsIdentifier(member.key)) {
        fail("expected a name of letters, digits and underscores");
      } else if (text == nullptr) {
        fail(Concat(
            {"expected a string, found ", member.value.KindName(), ": ", member.value.Excerpt()}));
      } else if (member.key == kBaseImageArgument) {
        fail("drydock sets it itself, to the base tag of the release");
      } else if (member.key.ends_with("_VERSION") && !IsConcreteVersion(*text)) {
        fail(Unlike("a concrete version such as \"1.0.7\" (or an entry of \"versions\")", *text));
      } else {
        arguments[member.key] = *text;
      }
    }
    return arguments;
  }

  void ReadBuilder(ObjectReader& reader, ReleaseFile& release) {
    std::string name;
    if (!reader.Read("builder", name)) {
      return;
    }
    for (const BuilderKind kind :
         {BuilderKind::kBuildx, BuilderKind::kBuildah, BuilderKind::kLayout}) {
      if (name == Name(kind)) {
        release.builder = kind;
        return;
      }
    }
    reader.Fail("builder", Unlike("\"buildx\", \"buildah\" or \"layout\"", name));
  }

  void ReadRevisionRule(ObjectReader& reader, ReleaseFile& release) {
    std::string word;
    if (!reader.Read("revision-label", word)) {
      return;
    }
    if (word == "require") {
      release.revision = RevisionRule::kRequire;
    } else if (word == "ignore") {
      release.revision = RevisionRule::kIgnore;
    } else if (word != "check") {
      reader.Fail("revision-label", Unlike("\"check\", \"require\" or \"ignore\"", word));
    }
  }

  // A prebuilt image has had its arguments; what it was made with is not this file's business.
  ImageSource ReadImageSource(ObjectReader& reader, BuilderKind builder,
                              std::map<std::string, std::string>& build_args,
                              std::string_view what) {
    ImageSource source;
    if (builder == BuilderKind::kLayout) {
      Text(reader, "layout", source.layout, IsProjectPath, kPathExpected);
    } else {
      Text(reader, "dockerfile", source.dockerfile, IsProjectPath, kPathExpected);
      build_args = ReadBuildArgs(reader, what);
    }
    return source;
  }

  BaseSpec ReadBase(const Value& value, BuilderKind builder) {
    BaseSpec base;
    ObjectReader reader(source_, value, "base");
    base.source = ReadImageSource(reader, builder, base.build_args, "base");
    if (const Value* hash = reader.Required("hash")) {
      base.hash = ReadHashRecipe(source_, *hash, source_.file());
    }
    reader.Finish();
    return base;
  }

  void ReadVersions(const Value& value, ReleaseFile& release) {
    for (const Value& element : Elements(value, "versions")) {
      VersionSpec version;
      ObjectReader reader(source_, element, "version");
      Text(reader, "argument", version.argument, IsIdentifier,
           "a build argument's name such as \"OMOS_VERSION\"");
      Text(reader, "package", version.package, IsPackageName, "the name of an npm package");
      if (reader.Read("pinned", version.pinned) && !IsConcreteVersion(version.pinned)) {
        reader.Fail("pinned", Unlike("a concrete version such as \"1.0.7\"", version.pinned));
      }
      reader.Finish();
      if (release.FindVersion(version.argument) != nullptr) {
        reader.Fail("argument", Concat({"named twice: \"", version.argument, "\""}));
      }
      release.versions.push_back(std::move(version));
    }
  }

  void ReadVariants(const Value& value, ReleaseFile& release) {
    const Value::Array& elements = Elements(value, "variants");
    if (elements.empty() || elements.size() > kVariantsMax) {
      source_.Fail(value.line(),
                   Concat({"release: \"variants\": expected 1 to ", std::to_string(kVariantsMax),
                           " of them, found: ", std::to_string(elements.size())}));
    }
    for (const Value& element : elements) {
      release.variants.push_back(ReadVariant(element, release));
    }
  }

  VariantSpec ReadVariant(const Value& value, const ReleaseFile& release) {
    VariantSpec variant;
    ObjectReader reader(source_, value, "variant");
    Text(
        reader, "name", variant.name,
        [](const std::string& name) {
          return IsTag(name) && std::all_of(name.begin(), name.end(), [](char c) {
                   return IsLower(c) || IsDigit(c) || c == '-';
                 });
        },
        "lower-case letters, digits and dashes");
    if (reader.Read("suffix", variant.suffix) && !variant.suffix.empty() &&
        (variant.suffix.front() != '-' || variant.suffix.size() == 1 ||
         variant.suffix.size() > kTagCharsMax / 2 || !IsTag(Concat({"v", variant.suffix})))) {
      reader.Fail("suffix",
                  Unlike("\"\" or a dash and the end of a tag such as \"-omos\"", variant.suffix));
    }
    variant.source = ReadImageSource(reader, release.builder, variant.build_args, "variant");
    if (release.builder != BuilderKind::kLayout) {
      reader.Read("versions", variant.versions);
    }
    for (const std::string& argument : variant.versions) {
      if (release.FindVersion(argument) == nullptr) {
        reader.Fail("versions", Concat({"\"", argument, "\" is no \"argument\" of the release's ",
                                        "\"versions\""}));
      } else if (variant.build_args.count(argument) != 0) {
        reader.Fail("versions", Concat({"\"", argument, "\" stands in \"build-args\" as well"}));
      }
    }
    reader.Finish();
    for (const VariantSpec& other : release.variants) {
      if (other.name == variant.name) {
        reader.Fail("name", Concat({"named twice: \"", variant.name, "\""}));
      } else if (other.suffix == variant.suffix) {
        reader.Fail(variant.suffix.empty() ? "" : "suffix",
                    Concat({"\"", variant.suffix, "\" is the suffix of \"", other.name,
                            "\" already: both would be one tag"}));
      }
    }
    return variant;
  }

  void CheckVersionsAreUsed(const Value& root, const ReleaseFile& release) {
    for (std::size_t i = 0; i < release.versions.size(); ++i) {
      const std::string& argument = release.versions[i].argument;
      const bool used = std::any_of(
          release.variants.begin(), release.variants.end(), [&](const VariantSpec& variant) {
            return std::find(variant.versions.begin(), variant.versions.end(), argument) !=
                   variant.versions.end();
          });
      if (!used) {
        const Value* spec = root.At(Concat({"/versions/", std::to_string(i)}));
        source_.Fail(spec == nullptr ? 0 : spec->line(),
                     Concat({"version: \"argument\": no variant names it in its \"versions\": \"",
                             argument, "\""}));
      }
    }
  }

  static constexpr std::string_view kPathExpected = "a path inside the project";

  Source& source_;
};

Result<ReleaseFile> ReadFrom(const Value& root, std::string_view file) {
  Source source{std::string(file)};
  ReleaseFile release = FileReader(source).Read(root);
  if (!source.ok()) {
    return source.status().error();
  }
  return release;
}

}  // namespace

std::string_view Name(BuilderKind kind) {
  switch (kind) {
    case BuilderKind::kBuildx:
      return "buildx";
    case BuilderKind::kBuildah:
      return "buildah";
    case BuilderKind::kLayout:
      return "layout";
  }
  return "";
}

const VariantSpec* ReleaseFile::FindVariant(std::string_view name) const {
  const auto found = std::find_if(variants.begin(), variants.end(),
                                  [&](const VariantSpec& v) { return v.name == name; });
  return found == variants.end() ? nullptr : &*found;
}

const VersionSpec* ReleaseFile::FindVersion(std::string_view argument) const {
  const auto found = std::find_if(versions.begin(), versions.end(),
                                  [&](const VersionSpec& v) { return v.argument == argument; });
  return found == versions.end() ? nullptr : &*found;
}

Result<ReleaseFile> ReadReleaseFile(const std::string& path) {
  const auto root = json::ParseFile(path);
  return root ? ReadFrom(*root, path) : root.error();
}

Result<ReleaseFile> ParseReleaseFile(std::string_view text, std::string_view source) {
  const auto root = json::Parse(text, source, {.comments = true});
  return root ? ReadFrom(*root, source) : root.error();
}

}  // namespace drydock::publisher
