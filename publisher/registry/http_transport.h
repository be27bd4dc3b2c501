// The Transport of the real world: HTTP/1.1 over TCP or TLS through cpp-httplib, one kept-alive
// connection per origin, bodies streamed in both directions, one deadline over all of an exchange.
// Adds nothing of its own but what the library insists on (Host, and Accept when there is none);
// never follows a redirect, never decompresses. Threads: one HttpTransport belongs to one thread;
// inside, a thread per exchange pulls the answer. Source: docs/adr/0002-four-seams.md; incidents
// hub-hung-downloads-2020-07-05, truncated-response-body, wrong-or-expired-certificate.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/transport.h"

namespace drydock::publisher {

class HttpTransport : public Transport {
 public:
  struct Options {
    std::string ca_file;  // PEM file of trusted authorities; "" means the system's
    Duration connect_timeout = std::chrono::seconds(10);  // for TCP and TLS together
  };

  // `clock` must outlive the transport and run in real time.
  explicit HttpTransport(Clock& clock) : HttpTransport(clock, Options()) {}
  HttpTransport(Clock& clock, Options options);
  ~HttpTransport() override;

  // As Transport::Send. The deadline also ends the answer's body, however busily it trickles. An
  // answer that is no HTTP is kAmbiguous; a certificate that is not trusted is kDenied, and nothing
  // was sent. A request whose body ends with an error is given up in the middle. An answer whose
  // body is still unread when the next Send begins is cut: reading on gives kAmbiguous.
  Result<Response> Send(Request request, Deadline deadline) override;

 private:
  class Connection;
  class Flight;
  class FlightBody;

  std::shared_ptr<Connection> ConnectionTo(const Url& url);

  Clock& clock_;
  Options options_;
  std::map<std::string, std::shared_ptr<Connection>> connections_;  // by origin
  std::weak_ptr<Flight> in_flight_;
};

}  // namespace drydock::publisher
