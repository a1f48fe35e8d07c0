using CsCheck;
using KmsOperator.Configuration;
using Xunit;

namespace KmsOperator.UnitTests.Configuration;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData(":8081", "*", 8081, "all addresses")]
    [InlineData("*:8081", "*", 8081, "the same, said aloud")]
    [InlineData("0.0.0.0:8081", "*", 8081, "what people write for all")]
    [InlineData("[::]:8081", "*", 8081, "and what they write where IPv6 is at home")]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0, "any free port")]
    [InlineData("[::1]:0", "::1", 0, "any free port")]
    [InlineData("[fd00::12]:8081", "fd00::12", 8081, "one address of a pod")]
    [InlineData("localhost:8081", "localhost", 8081, "the one name that needs no look-up")]
    [InlineData(":65535", "*", 65535, "the last port")]
    public void An_address_is_read(string text, string host, int port, string why)
    {
        var address = ListenAddress.Parse(text);

        Assert.True(address == new ListenAddress(host, port), why);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("")]
    public void Nothing_and_0_are_nowhere(string text) => Assert.Same(ListenAddress.Nowhere, ListenAddress.Parse(text));

    [Theory]
    [InlineData("8081", "no colon: a port or a host?")]
    [InlineData(":", "no port")]
    [InlineData(":port", "no number")]
    [InlineData(":65536", "no such port")]
    [InlineData(":-1", "nor this")]
    [InlineData("::1:8081", "an IPv6 address without brackets may end anywhere")]
    [InlineData("[::1]", "brackets without a port")]
    [InlineData("[127.0.0.1]:8081", "brackets are for IPv6")]
    [InlineData("[]:8081", "nothing in them")]
    [InlineData("1.2:8081", "not an address as people write them")]
    [InlineData("256.0.0.1:8081", "no address")]
    [InlineData("my-host:8081", "a name has other addresses tomorrow")]
    [InlineData("http://127.0.0.1:8081", "a URL")]
    public void What_is_no_address_is_refused(string text, string why)
    {
        var refused = Record.Exception(() => ListenAddress.Parse(text));

        Assert.True(refused is FormatException { Message: var message } && message.Contains("[::1]:8081", StringComparison.Ordinal), why);
    }

    [Fact]
    public void Any_text_is_an_address_or_refused_and_an_address_written_down_is_read_as_itself() =>
        Gen.OneOf(Gen.String[Gen.Char[":[]0123456789.abf*"], 0, 20], Gen.String).Sample(text =>
        {
            try
            {
                var address = ListenAddress.Parse(text);
                return address == ListenAddress.Nowhere || ListenAddress.Parse(address.ToString()) == address;
            }
            catch (FormatException)
            {
                return true;
            }
        });
}
