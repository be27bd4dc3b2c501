// What .gitattributes files say about a path, as far as it changes the bytes of a checkout. Our own
// reading of them, since a clean checkout knows the commit's files only, and libgit2 would mix in
// those of this machine. Threads: values; const members may be called from any thread.
// Source: gitattributes(5); git's attr.c, wildmatch.c and convert.c for what that leaves open.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace drydock::publisher {

// True when `path` matches `pattern`: "*", "?" and "[…]" stop at "/", "**" between slashes does
// not.
bool GitPatternMatches(std::string_view pattern, std::string_view path);

// One .gitattributes file.
class GitAttributeFile {
 public:
  // Lines that git ignores are ignored. `top`: the file lies in the commit's root, the only place
  // where macros can be defined. `folder` is where the file lies: "" or "rootfs/etc/".
  static GitAttributeFile Parse(std::string_view text, std::string folder, bool top);

  bool empty() const { return rules_.empty() && macros_.empty(); }

 private:
  friend class GitAttributes;
  // Set is "true", unset "false", unspecified "!"; else the value itself after "=".
  using Setting = std::pair<std::string, std::string>;
  struct Rule {
    std::string pattern;
    bool any_depth = false;  // no slash in the pattern: compared with the last name
    std::vector<Setting> settings;
  };

  bool Matches(const Rule& rule, std::string_view path) const;

  std::string folder_;
  std::vector<Rule> rules_;
  std::map<std::string, std::vector<Setting>> macros_;
};

// How a checkout changes a file's bytes, with git's defaults on Linux.
enum class GitConversion : unsigned char {
  kNone,
  kCrlf,      // every lone LF becomes CRLF
  kAutoCrlf,  // the same, unless the content looks binary or has a CR already
};

struct GitCheckout {
  GitConversion conversion = GitConversion::kNone;
  bool ident = false;   // "$Id$" would be expanded
  std::string refused;  // not "": an attribute that is not reproduced here ("filter=lfs")
};

// The files that apply below one folder, outermost first.
class GitAttributes {
 public:
  // With one more file, which applies before those above it.
  GitAttributes With(GitAttributeFile file) const;

  GitCheckout CheckoutOf(std::string_view path) const;

 private:
  using Values = std::map<std::string, std::string, std::less<>>;
  void Apply(const std::vector<GitAttributeFile::Setting>& settings, Values& values) const;

  std::vector<std::shared_ptr<const GitAttributeFile>> files_;
};

// `content` as the checkout writes it.
std::string ConvertForCheckout(std::string_view content, GitConversion conversion);

}  // namespace drydock::publisher
