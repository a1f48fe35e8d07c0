using BenchmarkDotNet.Attributes;
using KmsOperator.Policies;

namespace KmsOperator.MicroBenchmarks;

/// <summary>Policies: the canonical one of a service, and the question whether KMS's text means the same.</summary>
public class PolicyBenchmarks
{
    private static readonly PolicyRequest Request = new()
    {
        Region = "us-east-1",
        AccountId = "111122223333",
        Service = "rds",
        Administrators = ["arn:aws:iam::111122223333:role/Admin"],
        Users = ["arn:aws:iam::111122223333:role/App", "arn:aws:iam::111122223333:role/Batch"],
        TrustedAccounts = ["444455556666"],
    };

    [Benchmark]
    public int Render() => PolicyRenderer.Render(Request).Text.Length;

    [Benchmark]
    public bool Compare_with_KMS_s_text_of_the_same() => PolicyComparer.AreEquivalent(SampleKey.Desired.Policy.Text, SampleKey.Unchanged.Policy);

    [Benchmark]
    public bool Compare_with_another() => PolicyComparer.AreEquivalent(SampleKey.Desired.Policy.Text, SampleKey.Changed.Policy);

    [Benchmark]
    public int Render_and_hash() => PolicyRenderer.Render(Request).Sha256.Length;
}
