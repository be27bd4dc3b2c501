#include "publisher/release/run_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kFormat = 1;

std::map<std::string, std::string> ReadMap(json::Source& source, json::ObjectReader& reader,
                                           std::string_view key) {
  std::map<std::string, std::string> texts;
  const json::Value* value = reader.Required(key);
  if (value == nullptr) {
    return texts;
  }
  if (value->as_object() == nullptr) {
    reader.Fail(key, "expected an object of strings");
    return texts;
  }
  for (const json::Member& member : *value->as_object()) {
    const std::string* text = member.value.as_string();
    if (text == nullptr) {
      source.Fail(member.line,
                  Concat({"run state: \"", key, "\": \"", member.key, "\": expected a string"}));
      return texts;
    }
    texts[member.key] = *text;
  }
  return texts;
}

Error FileError(std::string_view path, std::string_view what) {
  return Error(ErrorCode::kUnavailable,
               Concat({path, ": cannot ", what, ": ", std::strerror(errno)}));
}

// Closes on every path; close's own result does not matter after a successful fsync.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  int descriptor() const { return descriptor_; }
  bool ok() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return true;
}

}  // namespace

std::string ToJson(const RunState& state) {
  Json json;
  json["drydock-run-state"] = kFormat;
  json["image"] = state.image;
  json["tag"] = state.tag;
  json["commit"] = state.commit;
  json["base-tag"] = state.base_tag;
  json["versions"] = Json(state.versions);
  json["begun"] = Json(state.begun);
  json["published"] = Json(state.published);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<RunState> ParseRunState(std::string_view text, std::string_view source) {
  const auto root = json::Parse(text, source);
  if (!root) {
    return root.error();
  }
  json::Source file{std::string(source)};
  RunState state;
  json::ObjectReader reader(file, *root, "run state");
  std::int64_t format = 0;
  if (reader.Require("drydock-run-state", format) && format != kFormat) {
    reader.Fail("drydock-run-state",
                Concat({"expected format 1, found: ", std::to_string(format)}));
  }
  reader.Require("image", state.image);
  reader.Require("tag", state.tag);
  reader.Require("commit", state.commit);
  reader.Require("base-tag", state.base_tag);
  state.versions = ReadMap(file, reader, "versions");
  std::vector<std::string> begun;
  reader.Require("begun", begun);
  state.begun.insert(begun.begin(), begun.end());
  state.published = ReadMap(file, reader, "published");
  reader.Finish();
  if (!file.ok()) {
    return file.status().error();
  }
  return state;
}

Result<std::optional<RunState>> FileRunStateStore::Load() {
  std::error_code error;
  if (!std::filesystem::exists(path_, error) && !error) {
    return std::optional<RunState>();
  }
  const auto text = ReadWholeFile(path_);
  if (!text) {
    return text.error().At("run state");
  }
  auto state = ParseRunState(*text, path_);
  if (!state) {
    return state.error();
  }
  return std::optional<RunState>(std::move(*state));
}

// The text goes to a file beside it, to the disk, and only then under the name; the folder is
// synced last, so that the name survives a power cut as well.
Status FileRunStateStore::Save(const RunState& state) {
  const std::filesystem::path path(path_);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return Error(ErrorCode::kUnavailable,
                 Concat({path_, ": cannot make its folder: ", error.message()}));
  }
  const std::string beside = Concat({path_, ".new"});
  {
    const OpenFile file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.ok() || !WriteAll(file.descriptor(), ToJson(state)) ||
        ::fsync(file.descriptor()) != 0) {
      return FileError(beside, "write");
    }
  }
  if (::rename(beside.c_str(), path_.c_str()) != 0) {
    return FileError(path_, "replace");
  }
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  const OpenFile opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.ok() && ::fsync(opened.descriptor()) != 0) {
    return FileError(folder, "sync");
  }
  return Ok{};
}

Result<std::optional<RunState>> MemoryRunStateStore::Load() {
  if (text_.empty()) {
    return std::optional<RunState>();
  }
  auto state = ParseRunState(text_, "memory");
  if (!state) {
    return state.error();
  }
  return std::optional<RunState>(std::move(*state));
}

Status MemoryRunStateStore::Save(const RunState& state) {
  text_ = ToJson(state);
  return Ok{};
}

}  // namespace drydock::publisher
