using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Aws;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Stands before KMS and gives policies back in another form than they were put.</summary>
/// <param name="kms">KMS.</param>
/// <param name="form">The document as GetKeyPolicy is to answer it, given the one that is there.</param>
internal sealed class PolicyAnswerHandler(HttpMessageHandler kms, Func<string, string> form) : DelegatingHandler(kms)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        if (AwsRequest.OperationOf(request) != "GetKeyPolicy" || !answer.IsSuccessStatusCode)
            return answer;
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!;
        body["Policy"] = form((string)body["Policy"]!);
        answer.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/x-amz-json-1.1");
        return answer;
    }
}
