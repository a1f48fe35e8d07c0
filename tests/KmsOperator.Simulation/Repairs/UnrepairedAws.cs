using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Repairs;

/// <summary>Stands between an operator and AWS and takes a repair out: it keeps from the operator what the repair would look at, or does as the operator did before.</summary>
/// <param name="network">The way to AWS.</param>
/// <param name="work">Which reconciliation a call belongs to.</param>
/// <param name="without">The repair.</param>
internal sealed class UnrepairedAws(HttpMessageHandler network, CurrentWork work, Repair without) : DelegatingHandler(network)
{
    private readonly HashSet<long> _refused = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var operation = AwsRequest.OperationOf(request) ?? AwsCall.Sts;
        var reconciliation = work.Reconciliation;
        var isStep = without == Repair.IndependentSteps && AwsCall.IsWriteOperation(operation) && reconciliation is not null;
        if (isStep && _refused.Contains(reconciliation!.Value))
            return Denied(operation);
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (isStep && !response.IsSuccessStatusCode)
            _refused.Add(reconciliation!.Value);
        return without == Repair.PrimaryCheck && operation == "DescribeKey" && response.IsSuccessStatusCode ? await AsReplicaAsync(response).ConfigureAwait(false) : response;
    }

    /// <summary>Only a key of the home Region looks like a primary.</summary>
    private static async Task<HttpResponseMessage> AsReplicaAsync(HttpResponseMessage response)
    {
        var body = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false))!.AsObject();
        if (body["KeyMetadata"]?["MultiRegionConfiguration"] is JsonObject multiRegion && ((string?)body["KeyMetadata"]!["Arn"])?.Contains(StartingPoint.Home, StringComparison.Ordinal) == false)
            multiRegion["MultiRegionKeyType"] = "REPLICA";
        response.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/x-amz-json-1.1");
        return response;
    }

    private static HttpResponseMessage Denied(string operation) => new(HttpStatusCode.BadRequest)
    {
        Content = new StringContent(
            $$"""{"__type":"AccessDeniedException","message":"{{operation}} is not sent, since a step before it was refused."}""", Encoding.UTF8, "application/x-amz-json-1.1"),
    };
}
