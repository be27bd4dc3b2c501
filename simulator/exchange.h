// One HTTP exchange with a simulated server, opened up so that faults can bind between its parts.
// A Site is a server without a socket: the registry, npm, the Hub's token service. Whoever drives
// it (simulator/world/internet.h, for the in-process transport and for the real server alike) walks
// the phases of incidents.md section 9 in this order:
//
//   request-head -> admit -> request-body@N -> decide -> apply -> response-head -> response-body@N
//   -> after
//
// Threads: a Site and its Exchanges are used by one thread at a time, but for Receive; the driver
// holds the lock.
// Source: incidents.md sections 1 (route names) and 9 (phases); docs/adr/0006-exchange-phases.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"
#include "simulator/deed.h"
#include "simulator/treatment.h"

namespace drydock::simulator {

// Who sent a request, as far as a server can tell.
struct Caller {
  std::string client;            // "ci", "host", or "" over a real socket
  std::string address;           // "203.0.113.7"
  std::uint64_t connection = 0;  // ordinal of the connection; 0 when unknown
  std::string endpoint = {};     // where it came to, "127.0.0.2:5000"; "" when not over a socket
  std::string server_name = {};  // the name it asked a TLS server for; "" without one
  Duration connection_age{};     // how long its connection was open when the request came
};

struct RequestHead {
  std::string method;
  Url url;
  Headers headers;
  std::optional<std::uint64_t> content_length;
  Caller caller;
  std::string protocol = "HTTP/1.1";
};

// What a request is about, in names alone. Filled as far as the path says it.
struct Route {
  std::string
      operation;  // "upload.commit"; see simulator/registry/route.h for the registry's names
  std::string repository;   // "" when the route has none
  std::string reference;    // tag or digest in the path or query; "" when there is none
  std::string session;      // upload session id; "" when there is none
  std::size_t replica = 0;  // which of the site's replicas got it, from 1 on; 0: it has none
};

// What a server can measure about a request when it comes; nullopt where there is no such thing.
struct Measures {
  std::optional<std::uint64_t> session_bytes;  // held by its upload session
  std::optional<TimePoint> session_began;
  std::optional<std::uint64_t> blob_bytes;  // of the blob it reads, or will have uploaded
  std::optional<TimePoint> token_issued;
};

class Exchange {
 public:
  // Dropping an exchange before Apply leaves what a vanished client leaves: an upload session keeps
  // the bytes it received, nothing else changes.
  virtual ~Exchange() = default;

  virtual const Route& route() const = 0;
  // To be called before Decide, if at all. A site without traits and views takes no notice.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those who override it keep it
  virtual void Treat(std::shared_ptr<Treatment> /*treatment*/) {}
  virtual Measures Measure() const { return {}; }
  // Authentication, limits and policy, from the head alone. An answer means refused: the body is
  // then read and dropped, and neither Receive nor Apply is called. Called exactly once.
  virtual std::optional<Response> Decide() = 0;
  // The next bytes of the request's body, in order. May be called any number of times, and while
  // another exchange of the site is asked something: it touches nothing that they share.
  virtual void Receive(std::string_view piece) = 0;
  // Does the work and gives the genuine answer. Called at most once; not at all when a fault
  // answers instead or when the client vanished.
  virtual Response Apply() = 0;
};

class Site {
 public:
  virtual ~Site() = default;
  // Another party changes what the site has; one that holds nothing takes no notice.
  virtual void Act(const Deed& /*deed*/) {}
  // What it has of that name: a tag's digest, the digest or session itself. nullopt for nothing.
  virtual std::optional<std::string> Find(Held /*what*/, std::string_view /*repository*/,
                                          std::string_view /*name*/) const {
    return std::nullopt;
  }
  virtual std::size_t OpenUploadCount() const { return 0; }
  // Starts an exchange. Never fails: what is no route at all answers 404 from Apply.
  virtual std::unique_ptr<Exchange> Begin(RequestHead head) = 0;
};

}  // namespace drydock::simulator
