// The transport for code that runs inside a world.
#include <utility>

#include "core/text.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"

namespace drydock::simulator {
namespace {

class Connection : public Transport {
 public:
  Connection(Internet& net, World& world, Caller caller)
      : net_(net), world_(world), caller_(std::move(caller)) {}

  Result<Response> Send(Request request, Deadline deadline) override {
    const Status turn = world_.Yield();
    if (!turn) {
      return turn.error();
    }
    const std::string what = Concat({request.method, " ", RedactedUrl(request.url.ToString())});
    if (world_.clock().Elapsed() >= deadline) {
      return Error(ErrorCode::kTimeout, Concat({what, ": the deadline passed"}));
    }
    RequestHead head;
    head.method = std::move(request.method);
    head.url = std::move(request.url);
    head.headers = std::move(request.headers);
    head.content_length = request.body.length();
    head.caller = caller_;
    if (head.caller.client.empty()) {
      head.caller.client = world_.CurrentActor();
    }
    auto answer = net_.Serve(std::move(head), request.body);
    const Status alive = world_.Alive();
    if (!alive) {
      return alive.error();
    }
    if (!answer) {
      return answer.error().At(what);
    }
    if (answer->cut && !answer->cut->after_response_bytes) {
      return Error(ErrorCode::kAmbiguous,
                   Concat({what, ": connection ",
                           answer->cut->manner == Cut::Manner::kRst ? "reset" : "closed",
                           " before an answer"}));
    }
    return std::move(answer->response);
  }

 private:
  Internet& net_;
  World& world_;
  Caller caller_;
};

}  // namespace

std::unique_ptr<Transport> Internet::Connect(World& world, std::string address,
                                             std::string client) {
  const std::lock_guard lock(mutex_);
  return std::make_unique<Connection>(
      *this, world, Caller{std::move(client), std::move(address), next_connection_++});
}

}  // namespace drydock::simulator
