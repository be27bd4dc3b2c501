#include "simulator/server/worlds.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kNameBytesMax = 63;

bool IsLowerAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// "Registry.test:5000" is for "registry.test".
std::string HostAlone(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  return ToLower(has_port ? authority.substr(0, colon) : authority);
}

// A world that is reached by names has its neighbours' names as well.
void AddNeighbours(const NeighbourContent& neighbours, WorldDoor& door) {
  if (door.endpoint || door.hosts.empty()) {
    return;
  }
  const auto add = [&](const std::string& host) {
    if (std::find(door.hosts.begin(), door.hosts.end(), host) == door.hosts.end()) {
      door.hosts.push_back(host);
    }
  };
  if (neighbours.npm) {
    add(neighbours.npm->host);
  }
  if (neighbours.forge) {
    add(neighbours.forge->host);
  }
}

Error NoSuch(std::string_view what, std::string_view name) {
  return Error(ErrorCode::kNotFound, Concat({"there is no ", what, " \"", name, "\""}));
}

}  // namespace

Worlds::Worlds(Clock& clock, std::string scheme, Endpoint usual, Doors doors,
               ServedWorld::News news, std::shared_ptr<MemoryBudget> memory)
    : clock_(clock),
      scheme_(std::move(scheme)),
      usual_(std::move(usual)),
      doors_(std::move(doors)),
      news_(std::move(news)),
      memory_(std::move(memory)) {}

bool Worlds::IsName(std::string_view text) {
  constexpr std::string_view kMarks = "._-";
  return !text.empty() && text.size() <= kNameBytesMax && IsLowerAlphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return IsLowerAlphanumeric(c) || kMarks.find(c) != std::string_view::npos;
         });
}

Status Worlds::CheckNew(const WorldSpec& spec, const WorldDoor& door) const {
  if (!IsName(spec.name)) {
    return Error(
        ErrorCode::kInvalid,
        Concat({"name: expected a-z, 0-9, \".\", \"_\", \"-\", at most 63: \"", spec.name, "\""}));
  }
  if (worlds_.count(spec.name) > 0) {
    return Error(ErrorCode::kConflict, Concat({"there is a world \"", spec.name, "\" already"}));
  }
  if (worlds_.size() >= kWorldsMax) {
    return Error(ErrorCode::kConflict, "there are too many worlds; drop some");
  }
  if (door.endpoint && by_endpoint_.count(Authority(*door.endpoint)) > 0) {
    return Error(ErrorCode::kConflict, Authority(*door.endpoint) + " is another world's");
  }
  if (door.hosts.size() > kHostsMax) {
    return Error(ErrorCode::kInvalid, "hosts: at most 16");
  }
  for (const std::string& host : door.hosts) {
    if (!IsHostName(host)) {
      return Error(
          ErrorCode::kInvalid,
          Concat({"hosts: expected a lower-case host name without a port: \"", host, "\""}));
    }
    if (const auto taken = by_host_.find(host); taken != by_host_.end()) {
      return Error(ErrorCode::kConflict,
                   Concat({"hosts: \"", host, "\" is world \"", taken->second, "\""}));
    }
  }
  return Ok{};
}

Result<const Store*> Worlds::Content(std::string_view snapshot) const {
  if (snapshot.empty()) {
    return static_cast<const Store*>(nullptr);
  }
  const auto found = snapshots_.find(snapshot);
  return found == snapshots_.end() ? Result<const Store*>(NoSuch("snapshot", snapshot))
                                   : &found->second;
}

Result<Worlds::Shared> Worlds::Make(WorldSpec spec, WorldDoor door, std::string_view snapshot) {
  AddNeighbours(spec.neighbours, door);
  const std::lock_guard lock(mutex_);
  if (const Status fine = CheckNew(spec, door); !fine) {
    return fine.error();
  }
  const Result<const Store*> content = Content(snapshot);
  if (!content) {
    return content.error();
  }
  spec.memory = memory_;
  const bool is_default = spec.name == kDefaultWorld;
  if (!is_default && !door.endpoint && door.hosts.empty()) {
    door.endpoint = Endpoint{usual_.address, 0};
  }
  Endpoint at = usual_;
  if (door.endpoint && !is_default) {
    const Result<std::uint16_t> port = doors_.open(*door.endpoint);
    if (!port) {
      return port.error();
    }
    door.endpoint->port = *port;
    at = *door.endpoint;
    by_endpoint_[Authority(at)] = spec.name;
    closed_.erase(Authority(at));
  }
  if (!spec.journal_path.empty()) {
    Result<std::shared_ptr<JournalFile>> journal = JournalFile::Open(spec.journal_path);
    if (!journal) {
      if (door.endpoint && !is_default) {
        by_endpoint_.erase(Authority(at));
        doors_.close(at);
      }
      return journal.error();
    }
    spec.journal = std::move(*journal);
  }
  Entry entry{nullptr, std::move(door), Authority(at)};
  if (!is_default && !entry.door.endpoint) {
    entry.authority = Concat({entry.door.hosts.front(), ":", std::to_string(usual_.port)});
  }
  for (const std::string& host : entry.door.hosts) {
    by_host_[host] = spec.name;
  }
  std::string name = spec.name;
  entry.world =
      std::make_shared<ServedWorld>(std::move(spec), entry.authority, clock_, news_, *content);
  Shared made = entry.world;
  worlds_.emplace(std::move(name), std::move(entry));
  return made;
}

Status Worlds::Drop(std::string_view name) {
  Shared dropped;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = worlds_.find(name);
  if (found == worlds_.end()) {
    return NoSuch("world", name);
  }
  if (name == kDefaultWorld) {
    return Error(ErrorCode::kConflict, "the default world stays; reset it instead");
  }
  if (const auto& endpoint = found->second.door.endpoint) {
    by_endpoint_.erase(Authority(*endpoint));
    closed_.insert(Authority(*endpoint));
    doors_.close(*endpoint);
  }
  for (const std::string& host : found->second.door.hosts) {
    by_host_.erase(host);
  }
  dropped = std::move(found->second.world);
  worlds_.erase(found);
  return Ok{};
}

Result<Worlds::Shared> Worlds::Reset(std::string_view name, std::string_view snapshot) {
  const std::lock_guard lock(mutex_);
  const auto found = worlds_.find(name);
  if (found == worlds_.end()) {
    return NoSuch("world", name);
  }
  const Result<const Store*> content = Content(snapshot);
  if (!content) {
    return content.error();
  }
  Entry& entry = found->second;
  if (entry.world->spec().backing != nullptr) {
    return Error(ErrorCode::kConflict,
                 Concat({"world ", name, ": keeps its content on disk; a reset would lose it"}));
  }
  entry.world =
      std::make_shared<ServedWorld>(entry.world->spec(), entry.authority, clock_, news_, *content);
  return entry.world;
}

Worlds::Shared Worlds::Find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = worlds_.find(name);
  return found == worlds_.end() ? nullptr : found->second.world;
}

std::vector<Worlds::Shared> Worlds::All() const {
  const std::shared_lock lock(mutex_);
  std::vector<Shared> all;
  for (const auto& [name, entry] : worlds_) {
    all.push_back(entry.world);
  }
  return all;
}

Worlds::Shared Worlds::For(const Caller& caller, std::string_view host) const {
  const std::shared_lock lock(mutex_);
  if (const auto door = by_endpoint_.find(caller.endpoint); door != by_endpoint_.end()) {
    return worlds_.find(door->second)->second.world;
  }
  if (closed_.count(caller.endpoint) > 0) {
    return nullptr;
  }
  if (!by_host_.empty()) {
    for (const std::string& name : {HostAlone(host), caller.server_name}) {
      if (const auto door = by_host_.find(name); door != by_host_.end()) {
        return worlds_.find(door->second)->second.world;
      }
    }
  }
  const auto usual = worlds_.find(kDefaultWorld);
  return usual == worlds_.end() ? nullptr : usual->second.world;
}

std::string Worlds::BaseUrl(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = worlds_.find(name);
  return found == worlds_.end() ? "" : Concat({scheme_, "://", found->second.authority});
}

std::vector<std::string> Worlds::Hosts(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = worlds_.find(name);
  return found == worlds_.end() ? std::vector<std::string>() : found->second.door.hosts;
}

ServedBy Worlds::ServedAs(const WorldDoor& door) const {
  return {scheme_ == "https", door.endpoint.has_value() || door.hosts.empty()};
}

ServedBy Worlds::ServedAs(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = worlds_.find(name);
  return ServedAs(found == worlds_.end() || name == kDefaultWorld ? WorldDoor()
                                                                  : found->second.door);
}

Status Worlds::Keep(std::string_view snapshot, std::string_view world) {
  if (!IsName(snapshot)) {
    return Error(ErrorCode::kInvalid,
                 Concat({"snapshot: expected a-z, 0-9, \".\", \"_\", \"-\", at most 63: \"",
                         snapshot, "\""}));
  }
  const Shared source = Find(world);
  if (source == nullptr) {
    return NoSuch("world", world);
  }
  Store content = source->Fork();
  const std::lock_guard lock(mutex_);
  if (snapshots_.count(snapshot) == 0 && snapshots_.size() >= kSnapshotsMax) {
    return Error(ErrorCode::kConflict, "there are too many snapshots; drop some");
  }
  snapshots_.insert_or_assign(std::string(snapshot), std::move(content));
  return Ok{};
}

std::vector<std::string> Worlds::Snapshots() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, content] : snapshots_) {
    names.push_back(name);
  }
  return names;
}

bool Worlds::DropSnapshot(std::string_view snapshot) {
  const std::lock_guard lock(mutex_);
  const auto found = snapshots_.find(snapshot);
  if (found == snapshots_.end()) {
    return false;
  }
  snapshots_.erase(found);
  return true;
}

}  // namespace drydock::simulator
