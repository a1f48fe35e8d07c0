using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using Amazon.SQS;

namespace KmsOperator.Benchmarks.Load;

/// <summary>Changes keys in KMS as somebody else, and measures until the operator has put them right. The operator reads an event queue of the simulator.</summary>
internal sealed class ForeignChanges(ApiConnection api, SimulatorCalls calls, string endpoint, TimeProvider time)
{
    // Credentials that no role gave belong to this account on the simulator.
    private const string QueueAccount = "123456789012";
    private const string Region = "us-east-1";

    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(50);
    private static readonly BasicAWSCredentials Any = new("bench", "bench");

    /// <summary>Makes a queue that gets the events of all KMS calls.</summary>
    /// <returns>Its URL.</returns>
    public static async Task<string> MakeQueueAsync(string endpoint, string name, CancellationToken cancellationToken)
    {
        using var sqs = new AmazonSQSClient(Any, new AmazonSQSConfig { ServiceURL = endpoint, AuthenticationRegion = Region });
        var url = (await sqs.CreateQueueAsync(name, cancellationToken)).QueueUrl;
        using var http = new HttpClient();
        using var rule = new StringContent($$"""{"queueArn": "arn:aws:sqs:{{Region}}:{{QueueAccount}}:{{name}}"}""");
        using var answer = await http.PostAsync(new Uri($"{endpoint}/_sim/events"), rule, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return url;
    }

    /// <summary>Disables keys and replaces policies in turn, one after the other, a new key each time.</summary>
    /// <param name="namespace">Where the keys are, all Ready.</param>
    /// <param name="count">How many changes.</param>
    /// <param name="account">The account that they are in.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The times from the call to the operator's.</returns>
    public async Task<Delays> RunAsync(string @namespace, int count, string account, CancellationToken cancellationToken)
    {
        using var sts = new AmazonSecurityTokenServiceClient(Any, new AmazonSecurityTokenServiceConfig { ServiceURL = endpoint, AuthenticationRegion = Region });
        var role = new AssumeRoleRequest { RoleArn = $"arn:aws:iam::{account}:role/Admin", RoleSessionName = "alice" };
        var alice = (await sts.AssumeRoleAsync(role, cancellationToken)).Credentials;
        using var kms = new AmazonKeyManagementServiceClient(alice, new AmazonKeyManagementServiceConfig { ServiceURL = endpoint, AuthenticationRegion = Region });
        var delays = new List<TimeSpan>();
        for (var i = 0; i < count; i++)
        {
            var arn = ResourceStatus.Arn(await api.GetAsync(ApiPaths.Key(@namespace, i), cancellationToken));
            var (theirs, ours) = i % 2 == 0 ? ("DisableKey", "EnableKey") : ("PutKeyPolicy", "PutKeyPolicy");
            if (i % 2 == 0)
                await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = arn }, cancellationToken);
            else
                await kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = arn, Policy = RootOnly(account) }, cancellationToken);
            delays.Add(await UntilRightAsync(arn, theirs, ours, cancellationToken));
        }

        return new Delays(delays);
    }

    private async Task<TimeSpan> UntilRightAsync(string arn, string theirs, string ours, CancellationToken cancellationToken)
    {
        while (true)
        {
            var ofKey = (await calls.ReadAsync(cancellationToken)).Where(call => call.Key == arn).ToArray();
            var change = ofKey.First(call => call.Operation == theirs);
            if (ofKey.FirstOrDefault(call => call.Operation == ours && call != change && call.Time > change.Time) is { } repair)
                return repair.Time - change.Time;
            await Task.Delay(PollPeriod, time, cancellationToken);
        }
    }

    private static string RootOnly(string account) =>
        $$"""{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::{{account}}:root"}, "Action": "kms:*", "Resource": "*"}]}""";
}
