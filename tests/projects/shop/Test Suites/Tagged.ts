<?xml version="1.0" encoding="UTF-8"?>
<FilteringTestSuiteEntity>
   <name>Tagged</name>
   <filteringText>tag=(smoke)</filteringText>
</FilteringTestSuiteEntity>
