using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Aws;

namespace KmsOperator.Simulation.Worlds;

/// <summary>What is between one operator and AWS: requests and answers take time, and get lost.</summary>
internal sealed class AwsNetwork(SimulatedWorld world, OperatorProcess sender) : HttpMessageHandler
{
    // More than the SDK's time-out of 15 s.
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(17);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(8);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        world.Scheduler.RequireThread();
        var sent = Copy(request);
        var call = Read(sent);
        var fault = world.AwsFaults.Next(call.Operation);
        if (world.Trace.KeepsNotes || call.IsWrite)
            world.Trace.Note(sender.Identity, $"sends {call}{(fault == RequestFault.None ? "" : $" ({fault})")}");
        if (call.IsWrite)
            world.OnAwsWriteSent(sender, call);
        else if (call.Operation == "DescribeKey")
            world.History.LooksAtKey(sender, call);
        var answer = new TaskCompletionSource<HttpResponseMessage>();
        if (cancellationToken.CanBeCanceled)
            cancellationToken.Register(() => sender.Process.Deliver(() => answer.TrySetCanceled(cancellationToken)));
        switch (fault)
        {
            case RequestFault.LostBefore:
                sender.Process.Deliver(world.Latency(), () => answer.TrySetException(Broken()));
                break;
            case RequestFault.ServerError:
                sender.Process.Deliver(world.Latency(), () => answer.TrySetResult(Error(call, HttpStatusCode.InternalServerError, "KMSInternalException", "The request failed.")));
                break;
            case RequestFault.Throttled:
                sender.Process.Deliver(world.Latency(), () => answer.TrySetResult(Error(call, HttpStatusCode.BadRequest, "ThrottlingException", "Rate exceeded")));
                break;
            case RequestFault.Refused:
                world.History.Denied(Read(sent, withBody: true));
                sender.Process.Deliver(world.Latency(), () => answer.TrySetResult(Error(
                    call, HttpStatusCode.BadRequest, "AccessDeniedException", $"User: x is not authorized to perform: kms:{call.Operation} on this resource")));
                break;
            default:
                if (fault == RequestFault.Slow)
                    world.SlowCallsUntil = world.Scheduler.Elapsed + TooLong;
                world.Aws.Deliver(fault == RequestFault.Slow ? TooLong : world.Latency(), () => Arrive(call, sent, fault, answer));
                break;
        }

        return answer.Task;
    }

    /// <summary>The request has arrived, whether its sender still lives or not.</summary>
    private void Arrive(AwsCall call, HttpRequestMessage request, RequestFault fault, TaskCompletionSource<HttpResponseMessage> answer)
    {
        if (call.IsWrite)
            world.OnAwsWriteArrives(sender, call);
        var response = world.Kms.Send(request);
        if (call.IsWrite)
        {
            world.Trace.Note("aws", $"{call.Operation} of {sender.Identity}: {(int)response.StatusCode}");
            world.OnAwsChanged(sender, call, response.IsSuccessStatusCode);
            world.Triggers.OnEvent(sender, call.Operation);
        }

        var wait = fault == RequestFault.Late ? Late : world.Latency();
        if (fault == RequestFault.LostAfter)
            sender.Process.Deliver(wait, () => answer.TrySetException(Broken()));
        else
            sender.Process.Deliver(wait, () => answer.TrySetResult(response));
    }

    /// <summary>The request as it is on its way: its sender disposes its own when it gives up.</summary>
    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri);
        foreach (var (name, values) in request.Headers.NonValidated)
            copy.Headers.TryAddWithoutValidation(name, values);
        if (request.Content is not { } content)
            return copy;
        copy.Content = new ByteArrayContent(BytesOf(content));
        foreach (var (name, values) in content.Headers.NonValidated)
            copy.Content.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }

    /// <summary>The content is in memory, so nothing is waited for.</summary>
    private static byte[] BytesOf(HttpContent content) => content.ReadAsByteArrayAsync().GetAwaiter().GetResult();

    private AwsCall Read(HttpRequestMessage request, bool withBody = false)
    {
        var region = AwsRequest.RegionOf(request) ?? "";
        var operation = AwsRequest.OperationOf(request) ?? AwsCall.Sts;
        var body = operation != AwsCall.Sts && (withBody || AwsCall.IsWriteOperation(operation) || world.Trace.KeepsNotes)
            ? JsonNode.Parse(BytesOf(request.Content!)) as JsonObject
            : null;
        return new AwsCall(operation, region, body, world.Work.Resource, world.Now);
    }

    private static HttpRequestException Broken() => new(HttpRequestError.ResponseEnded, "The connection broke.");

    /// <summary>KMS answers with JSON, STS with XML and other words.</summary>
    private static HttpResponseMessage Error(AwsCall call, HttpStatusCode status, string code, string message) => new(status)
    {
        Content = call.Operation == AwsCall.Sts
            ? new StringContent(
                $"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{StsCode(code)}</Code><Message>{message}</Message></Error><RequestId>x</RequestId></ErrorResponse>""",
                Encoding.UTF8, "text/xml")
            : new StringContent(
                string.Create(CultureInfo.InvariantCulture, $$"""{"__type":"{{code}}","message":"{{message}}"}"""), Encoding.UTF8, "application/x-amz-json-1.1"),
    };

    private static string StsCode(string code) => code switch
    {
        "KMSInternalException" => "InternalFailure",
        _ => code.Replace("Exception", "", StringComparison.Ordinal),
    };
}
