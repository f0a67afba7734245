"""The settings with which the payloads under tests/payloads/ were recorded."""

from bot.settings import Settings

SETTINGS = Settings(
    public_url="https://safar.example",
    centre_phone="+97714250001",
    twilio_sid="AC00000000000000000000000000000000",
    twilio_token="test-token-of-twilio",
    twilio_sender="+447700900123",
    africastalking_user="safar",
    africastalking_key="key-of-africas-talking",
    africastalking_sender="22384",
    africastalking_secret="a-secret-path-for-africas-talking",
    kannel_url="http://127.0.0.1:13013/cgi-bin/sendsms",
    kannel_user="safar",
    kannel_password="password-of-kannel",
    kannel_secret="a-secret-path-for-kannel",
    kannel_sender="22384",
    android_url="http://127.0.0.1:8080",
    android_user="sms",
    android_password="password-of-the-phone",
    android_secret="signing-key-of-the-phone",
)
