using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.UnitTests.Sharding;

/// <summary>Stops an operator at one moment of a creation, by an answer that comes only after the operator stands still: of the record of the attempt, or of CreateKey.</summary>
/// <param name="clock">The world's clock.</param>
internal sealed class PauseInCreation(TimeProvider clock)
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(45);

    /// <summary>Stops the operator; null while it is not to be stopped. Called once.</summary>
    public Action? Begins { get; set; }

    /// <summary>Whether the operator was stopped.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The API server, for a stop after an attempt was recorded.</summary>
    public IKubernetesApi After(IKubernetesApi api) => new RecordFirst(api, this);

    /// <summary>AWS, for a stop after a key was made.</summary>
    public HttpMessageHandler After(HttpMessageHandler aws) => new KeyFirst(aws, this);

    private bool Take()
    {
        if (Begins is not { } begin)
            return false;
        Begins = null;
        HasBegun = true;
        begin();
        return true;
    }

    private sealed class RecordFirst(IKubernetesApi inner, PauseInCreation pause) : ForwardingApi(inner)
    {
        public override async Task<T> MergePatchAsync<T>(ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken)
        {
            var isRecord = patch["metadata"]?["annotations"]?["kms.servicekey.dev/create-attempt"] is not null;
            var patched = await base.MergePatchAsync(type, key, patch, subresource, cancellationToken);
            if (isRecord && pause.Take())
                await Task.Delay(Wait, pause.Clock, CancellationToken.None);
            return patched;
        }
    }

    private sealed class KeyFirst(HttpMessageHandler inner, PauseInCreation pause) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var isCreation = AwsRequest.OperationOf(request) == "CreateKey";
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (isCreation && pause.Take())
                await Task.Delay(Wait, pause.Clock, cancellationToken).ConfigureAwait(false);
            return response;
        }
    }

    private TimeProvider Clock => clock;
}
