using Amazon.Runtime;

namespace KmsOperator.Aws;

/// <summary>An AWS inside the process, which tests put in place of the network. The SDK then retries nothing, since it waits on the system's clock.</summary>
/// <param name="Transport">Answers the requests of all clients.</param>
/// <param name="Credentials">The ambient credentials, in place of the SDK's default chain.</param>
public sealed record InProcessAws(HttpMessageHandler Transport, AWSCredentials Credentials);
