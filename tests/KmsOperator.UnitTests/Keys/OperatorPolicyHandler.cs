using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.UnitTests.Schema;

namespace KmsOperator.UnitTests.Keys;

/// <summary>
/// Stands before KMS and refuses what <c>config/iam/operator-policy.json</c> does not permit: an action under a condition on the cluster's tag, where
/// neither the key nor the request carries that tag as the statement wants it.
/// </summary>
/// <param name="kms">KMS.</param>
/// <param name="clusterId">What stands for <c>CLUSTER_ID</c> in the file.</param>
internal sealed class OperatorPolicyHandler(HttpMessageHandler kms, string clusterId) : DelegatingHandler(kms)
{
    private const string Target = "X-Amz-Target";
    private const string ClusterTag = "servicekey.dev/cluster";

    private static readonly JsonArray Statements =
        JsonNode.Parse(File.ReadAllText(RepositoryFiles.Path("config", "iam", "operator-policy.json")))!["Statement"]!.AsArray();

    /// <summary>An operation that is refused whatever the file says; null for none.</summary>
    public string? Refused { get; set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (AwsRequest.OperationOf(request) is not { } operation)
            return await base.SendAsync(request, cancellationToken);
        var body = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!.AsObject();
        return await IsPermittedAsync(request, operation, body, cancellationToken)
            ? await base.SendAsync(request, cancellationToken)
            : Denied(request, operation);
    }

    private async Task<bool> IsPermittedAsync(HttpRequestMessage request, string operation, JsonObject body, CancellationToken cancellationToken)
    {
        if (operation == Refused)
            return false;
        foreach (var statement in Statements.Where(statement => (string?)statement!["Effect"] == "Allow" && Permits(statement, operation)))
        {
            var conditions = (statement!["Condition"]?["StringEquals"] as JsonObject)?.Select(condition => condition.Key).ToArray() ?? [];
            var isRequestTagged = body["Tags"] is JsonArray tags && IsMarked(tags);
            if (conditions.All(condition => condition.StartsWith("aws:RequestTag/", StringComparison.Ordinal)) && (conditions.Length == 0 || isRequestTagged))
                return true;
            if (conditions.All(condition => condition.StartsWith("aws:ResourceTag/", StringComparison.Ordinal))
                && await IsKeyMarkedAsync(request, (string?)body["TargetKeyId"] ?? (string)body["KeyId"]!, cancellationToken))
                return true;
        }
        return false;
    }

    /// <summary>An alias is permitted by its own ARN and by its key; the statement of the aliases alone is not enough.</summary>
    private static bool Permits(JsonNode? statement, string operation) =>
        !((string)statement!["Resource"]!).Contains(":alias/", StringComparison.Ordinal) || operation == "DeleteAlias"
            ? statement["Action"] is JsonArray actions && actions.Any(action => (string?)action == $"kms:{operation}")
            : false;

    private async Task<bool> IsKeyMarkedAsync(HttpRequestMessage request, string keyId, CancellationToken cancellationToken)
    {
        using var question = new HttpRequestMessage(request.Method, request.RequestUri);
        foreach (var (name, values) in request.Headers.NonValidated)
            question.Headers.TryAddWithoutValidation(name, name == Target ? ["TrentService.ListResourceTags"] : values.ToArray());
        question.Content = new StringContent(new JsonObject { ["KeyId"] = keyId }.ToJsonString(), Encoding.UTF8, "application/x-amz-json-1.1");
        using var answer = await base.SendAsync(question, cancellationToken);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!["Tags"] is JsonArray tags && IsMarked(tags);
    }

    private bool IsMarked(JsonArray tags) => tags.Any(tag => (string?)tag!["TagKey"] == ClusterTag && (string?)tag["TagValue"] == clusterId);

    private static HttpResponseMessage Denied(HttpRequestMessage request, string operation) => new(HttpStatusCode.BadRequest)
    {
        RequestMessage = request,
        Content = new StringContent(
            $$"""{"__type": "AccessDeniedException", "message": "User is not authorized to perform: kms:{{operation}}"}""", Encoding.UTF8, "application/x-amz-json-1.1"),
    };
}
