using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.State;
using KmsSimulator.Trail;

namespace KmsSimulator.Admin;

/// <summary><c>POST /_sim/events</c>: sends the events of calls that write to KMS to a queue, as a rule of EventBridge does.</summary>
internal static class EventRequests
{
    // A day: CloudTrail is never later than that.
    private const double MaxDelaySeconds = 86_400;

    public static JsonObject Add(Simulation simulation, JsonElement body)
    {
        var request = new AdminRequest(body, "queueArn", "account", "region", "delaySeconds");
        var arn = request.Required("queueArn");
        if (arn.Split(':') is not [_, _, "sqs", var region, var account, var name])
            throw new AdminException($"queueArn {arn} is not the ARN of an SQS queue.");
        var delay = TimeSpan.FromSeconds(request.Number("delaySeconds", 0, MaxDelaySeconds) ?? 0);
        simulation.Trail.Add(new EventRule(account, region, name, request.Text("account"), request.Text("region"), delay));
        return [];
    }
}
